import type { Connector } from "../connector/index.js";
import type * as contract from "../contract.js";
import type { Failure } from "../index.js";
import type { Playbook, Report } from "../playbook/index.js";

/** The idempotency key of every call. */
export const IDEMPOTENCY_KEY: "test-key";

/** When every test begins, 2026-01-01T00:00:00Z, in milliseconds since 1970. Only waits of a playbook let time pass. */
export const START_MS: number;

/** A call of a connector, and the systems that it talks to. */
export interface ConnectorScript {
  /** The asset's configuration. Give a secret any text: it stands for the placeholder. */
  configuration?: Record<string, unknown>;
  /** Which attempt this is; the first unless it says otherwise. */
  attempt?: number;
  /** The call comes back for a pending job with this token. */
  resume?: string;
  /** The run was cancelled while the job was pending. */
  cancelled?: boolean;
  /** The requests that the connector must send, in this order. */
  http?: Exchange[];
  /** The streams that the connector must open, in this order. */
  tcp?: Conversation[];
  /** What earlier calls have kept. */
  state?: Record<string, string>;
  /** What is in the file that the asset names in a configuration field; null if it cannot be read. */
  files?: Record<string, string | Uint8Array | null>;
}

/**
 * One HTTP request, and what it gets back. Method, URL, authorization and body must be exactly as said; of the header fields
 * only those that are said.
 */
export interface Exchange {
  /** `GET` unless it says otherwise. */
  method?: string;
  url: string;
  headers?: Record<string, string>;
  basic?: [user: string, password: string];
  bearer?: string;
  /** The body as text; empty unless it says otherwise. */
  body?: string;
  /** The body as JSON. */
  json?: unknown;
  /** Texts that the body has somewhere. */
  containing?: string[];
  /** An empty 200 unless it says otherwise. */
  answer?: { status?: number; headers?: Record<string, string>; body?: string | Uint8Array; json?: unknown };
  /** It gets no answer. */
  error?: contract.http.Error;
}

/** One TCP stream, turn by turn: what the connector must send, and what it then reads. After the last turn the stream ends. */
export interface Conversation {
  host: string;
  port: number;
  turns?: ("tls" | { sends?: string | Uint8Array; answer?: string | Uint8Array; error?: contract.tcp.Error })[];
  /** It cannot be opened. */
  error?: contract.tcp.Error;
}

/** A line of the log. */
export interface Line {
  level: contract.log.Level;
  message: string;
}

/** A value of an asset's state. */
export interface Kept {
  value: string;
  /** How long it is kept, as the connector asked for; null if the script has it. */
  timeToLiveMs: number | null;
  /** Whether the host scrubs it from what the connector logs and returns. */
  confidential: boolean;
}

/** How a call ended: one of `report`, `pending` and `failure` is there. */
export interface Ended {
  report?: Report;
  pending?: contract.connector.Pending;
  failure?: Failure;
  log: Line[];
  /** The asset's state afterwards. */
  state: Record<string, Kept>;
}

/**
 * Runs one action.
 *
 * The test fails when the connector departs from the script or leaves something of it out, when an action that only reads
 * sends a request that it did not declare as a read, and when parameters, configuration or data do not satisfy their schemas:
 * the host would refuse all of it.
 */
export function invoke(connector: Connector, action: string, parameters: unknown, script?: ConnectorScript): Ended;

/** What came of the question whether a call took effect. */
export interface Verified {
  verdict?: contract.connector.Verdict["tag"];
  report?: Report;
  why?: string;
  failure?: Failure;
  log: Line[];
}

/** Asks whether a call of this action took effect; fails as `invoke` does, and when a request is sent that may change something. */
export function verify(connector: Connector, action: string, parameters: unknown, script?: ConnectorScript): Verified;

/** An alert, and how what the playbook starts ends. */
export interface PlaybookScript {
  /** The alert as it stands when the run begins, where it differs from one of medium severity. */
  alert?: Partial<contract.alerts.Alert>;
  /** The CEF fields of its artifacts. */
  artifacts?: Record<string, unknown>[];
  /** What the operator has configured. */
  configuration?: Record<string, unknown>;
  /** The custom lists that there are, with the values of their entries. */
  lists?: Record<string, string[]>;
  /** What the looks into history count, in this order; a text is the host's reason not to. */
  earlier?: (number | string)[];
  /** The actions that must be started, and how each ends: with a success unless it says otherwise. */
  actions?: (Partial<Report> & { connector: string; action: string; takesMs?: number; failure?: Failure })[];
  /** The answers to the prompts that must be asked, in this order; null if nobody answers in time. */
  answers?: ({ answer: string | number; by: string } | null)[];
  /** The playbooks that must be started, and how each ends. */
  playbooks?: { name: string; run?: number; status?: contract.types.Status; message?: string; failure?: Failure }[];
}

/** A change to the alert, or to a custom list. */
export type Change =
  | { change: "severity"; severity: contract.alerts.Severity }
  | { change: "status"; status: contract.alerts.AlertStatus }
  | { change: "owner"; owner: string | null }
  | { change: "note"; title: string; text: string }
  | { change: "artifact"; name: string; label: string; cef: Record<string, unknown> }
  | { change: "escalated"; to: string | null; summary: string }
  | { change: "listed"; list: string; value: string; note: string };

/** What a playbook did: one of `conclusion` and `failure` is there. */
export interface Played {
  /** One sentence on how it ended. */
  conclusion?: string;
  /** Why the alert could not be handled. */
  failure?: string;
  log: Line[];
  /** Its changes to the alert and to custom lists, in order. */
  changes: Change[];
  /** The actions it started, in order. */
  started: {
    connector: string;
    action: string;
    asset: string | null;
    parameters: Record<string, any>;
    undoAfterMs: number | null;
  }[];
  /** What it asked people, in order. */
  asked: contract.prompts.Prompt[];
}

/**
 * Runs a playbook on an alert.
 *
 * The test fails when it starts what it does not declare or what is not in the script, when it leaves something of the script
 * out, when a prompt's default or the scripted answer is no answer to it, and when parameters or data do not satisfy the
 * schemas of the playbook's needs.
 */
export function play(playbook: Playbook, script?: PlaybookScript): Played;
