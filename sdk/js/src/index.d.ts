import type * as contract from "./contract.js";

/** The contract itself, documented item by item. */
export type { contract };

export * as schema from "./schema.js";

/** Time as the host gives it; a replayed playbook sees the time of its first run. */
export const clock: {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
};

/** Lines for the run's log. The host scrubs secrets from them and bounds their number and length. */
export const log: {
  /** Of use only to the plugin's author. */
  debug(message: unknown): void;
  /** Worth reading afterwards. */
  info(message: unknown): void;
  /** Unexpected, and handled. */
  warn(message: unknown): void;
  /** Unexpected, and not handled. */
  error(message: unknown): void;
};

/** Randomness as the host gives it; a replayed playbook sees the bytes of its first run. */
export const random: {
  /** So many random bytes, at most 4096. */
  bytes(count: number): Uint8Array;
};

/**
 * Why an action could not run to its end. A connector throws it; `wait` of a started action throws what it ended with. The
 * host decides about retries from `tag`.
 */
export class Failure extends Error {
  private constructor();

  /** The case of the contract. */
  readonly tag: contract.types.Failure["tag"];
  /** HTTP status of an `upstream` failure, where there was one. */
  readonly httpStatus: number | null;
  /** Milliseconds to wait after a `rate-limited` failure, if the system said. */
  readonly retryAfterMs: number | null;
  /** One sentence for a person: what kind of failure, then the words that came with it. */
  readonly sentence: string;

  /** The parameters, or the asset's configuration, cannot be used; says which and why. Never retried. */
  static invalidParameters(message: string): Failure;
  /** The system refused the credentials or the permission. Never retried. */
  static authentication(message: string): Failure;
  /** What was asked for does not exist there. Never retried. */
  static notFound(message: string): Failure;
  /** Too many calls. */
  static rateLimited(message: string, retryAfterMs?: number | null): Failure;
  /** The system answered with something that is an error or makes no sense. */
  static upstream(message: string, httpStatus?: number | null): Failure;
  /** The system could not be reached, or did not answer in time. */
  static unavailable(message: string): Failure;
  /** The host's policy forbids it; says which rule. Never retried. */
  static denied(message: string): Failure;
  /** A person ended it, or gave it up. Told by the host; a connector has no use for it. Never retried. */
  static cancelled(message: string): Failure;
}
