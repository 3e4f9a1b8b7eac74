import type * as contract from "../contract.js";
import type { Schema } from "../schema.js";

/** What a playbook is, which alerts start it, and which actions and other playbooks it may start. */
export interface Definition {
  /** Name under which it is installed: lower-case letters, digits and `-`. */
  name: string;
  /** Its version (semver). */
  version: string;
  /** One sentence on what it is for. */
  description: string;
  /** Who publishes it. */
  publisher: string;
  /** Labels of alerts that start it. */
  labels: string[];
  /** The actions it starts; it can start no others. */
  needs?: Need[];
  /** Names of the playbooks it starts; it can start no others. */
  starts?: string[];
  /** What the operator may configure. It runs before anybody has configured it, so each property needs a default. */
  configuration?: Schema;
  /** The custom lists it uses; it can use no others. `adds` says that it adds to the list, beside looking into it. */
  lists?: { name: string; adds?: boolean }[];
  /** Minutes that the same work takes an analyst by hand. */
  manualMinutes?: number;
  /**
   * Handles the alert, and returns one sentence on how that ended.
   *
   * A thrown `NotHandled` says why it could not be handled; a `Failure` that nobody caught does as well.
   */
  run(run: Run): string;
}

/** One action of one connector, and what passes between the two: the host compares it with what the connector declares. */
export interface Need {
  /** Name of the connector, for example `servicenow`. */
  connector: string;
  /** Name of the action, for example `create ticket`. */
  action: string;
  /** Schema of the parameters that the playbook sends. */
  parameters?: Schema;
  /** Schema of what the playbook reads in the `data` of the report. */
  data?: Schema;
}

/** The functions that the module of a playbook exports. */
export interface Playbook {
  describe(): contract.playbookDescriptor.Playbook;
  run(): string;
}

/**
 * A playbook. Its module exports what this returns:
 *
 * ```js
 * export const { describe, run } = playbook({ name: "example", … });
 * ```
 */
export function playbook(definition: Definition): Playbook;

/** Why the alert could not be handled, in one sentence. */
export class NotHandled extends Error {
  constructor(sentence: string);
}

/** A question to a person. */
export type Prompt<T> = contract.prompts.Prompt & { readonly " of"?: T };

/** To whom a prompt goes, otherwise whoever looks first; and how long it waits, a day unless it says so, at most 30 days. */
export interface PromptOptions {
  to?: string;
  withinMs?: number;
}

/** One of these choices is an answer. `otherwise` stands when nobody answered in time. */
export function choice<const T extends string>(
  question: string,
  choices: readonly T[],
  otherwise: NoInfer<T>,
  options?: PromptOptions,
): Prompt<T>;

/** Any text is an answer. */
export function text(question: string, otherwise: string, options?: PromptOptions): Prompt<string>;

/** A whole number of this range is an answer, both ends included. */
export function number(
  question: string,
  range: [least: number, most: number],
  otherwise: number,
  options?: PromptOptions,
): Prompt<number>;

/** What an action did. */
export interface Report {
  /** Whether the action achieved what its name says. */
  readonly status: contract.types.Status;
  /** One sentence for a person. */
  readonly message: string;
  /** The few facts that decide. */
  readonly summary: Record<string, any>;
  /** Everything found. */
  readonly data: any;
}

/** The answer to a prompt. */
export interface Answer<T> {
  /** What was answered. */
  readonly value: T;
  /** Who answered; null if the default stands because nobody did in time. */
  readonly by: string | null;
}

/** How the run of another playbook ended. */
export interface Conclusion {
  /** Whether that playbook came to the end it wanted. */
  readonly status: contract.types.Status;
  /** Its own sentence on how it ended. */
  readonly message: string;
  /** Number of its run. */
  readonly run: number;
}

/** Something that the run has started: an action, a prompt, another playbook. */
export interface Step<T> {
  /** Its number in this run; later steps have larger ones. */
  readonly id: number;
  /** Waits until it has ended. Waiting again returns the same. Throws the `Failure` that it ended with. */
  wait(): T;
}

/** Which of the alerts before that of this run. */
export interface Earlier {
  /** Their label. */
  label: string;
  /** A CEF field that names who or what they are about, such as `sourceUserName`. The contract lists those that are kept. */
  field: string;
  /** Its value, whatever its case. */
  value: string;
  /** Received at this time or later, in milliseconds since 1970. */
  sinceMs: number;
  /** How bad they are at least. */
  severity: contract.alerts.Severity;
}

/** A piece of evidence. */
export interface Artifact {
  /** Number within the alert, from 1. */
  readonly id: number;
  /** Title. */
  readonly name: string;
  /** What kind it is, for example `event`. */
  readonly label: string;
  /** Fields by their CEF key. */
  readonly cef: Record<string, any>;
}

/**
 * All artifacts of the alert. What they say comes from outside and may be meant to mislead. A getter takes the first artifact
 * that has a usable value for the CEF key; of a list of values it takes the first.
 */
export interface Artifacts extends Iterable<Artifact> {
  readonly all: readonly Artifact[];
  /** Text that is not blank, trimmed. */
  text(key: string): string | null;
  /** An IP address. */
  ip(key: string): string | null;
  /** A whole number that is not negative, such as `destinationPort`, whether given as a number or as text. */
  number(key: string): number | null;
}

/** One run of a playbook: the alert it handles, and what it may do. */
export interface Run {
  /** The alert as it stood when the run began, with this run's own changes. */
  alert(): contract.alerts.Alert;
  /** The alert's artifacts, likewise. */
  artifacts(): Artifacts;
  /** What the operator has configured, with the defaults of the rest. */
  configuration(): any;
  /**
   * Starts an action and returns at once, so any number may run side by side. `asset` names another asset than the connector's
   * default one. `undoAfterMs` has the host take the action back after so many milliseconds, counted from its success.
   */
  start(
    connector: string,
    action: string,
    parameters?: Record<string, unknown>,
    options?: { asset?: string; undoAfterMs?: number },
  ): Step<Report>;
  /** Asks a person and returns at once. */
  ask<T>(prompt: Prompt<T>): Step<Answer<T>>;
  /** Starts another playbook on the alert of this run, in a run of its own, and returns at once. */
  startPlaybook(name: string): Step<Conclusion>;
  /** Waits until one of these has ended, and returns it. */
  waitAny<S extends Step<unknown>>(steps: readonly S[]): S;
  /** Like `waitAny`, but gives up at this time, in milliseconds since 1970, and then returns null. */
  waitUntil<S extends Step<unknown>>(steps: readonly S[], deadlineMs: number): S | null;
  /** Waits until this time, in milliseconds since 1970. Days are no burden: meanwhile the run holds no memory. */
  sleepUntil(timeMs: number): void;
  /** Waits so many milliseconds, from now on. */
  sleep(ms: number): void;
  /**
   * The entry of a custom list that a value falls under: itself, whatever its case, or the smallest network or the longest name
   * that contains it. Throws `NotHandled` when there is no such list, which is not the same as an empty one.
   */
  findIn(list: string, value: string): contract.lists.Entry | null;
  /** Adds an entry to a custom list, or replaces its note. Throws `NotHandled` when there is no such list. */
  addTo(list: string, value: string, note: string): void;
  /** How many such alerts there were before that of this run; 1000 stands for that many or more. */
  countEarlier(which: Earlier): number;
  /** Says how bad it is. */
  setSeverity(severity: contract.alerts.Severity): void;
  /** Says where the work stands. */
  setStatus(status: contract.alerts.AlertStatus): void;
  /** Says who works on it; null for nobody. */
  setOwner(owner: string | null): void;
  /**
   * Hands the alert to a person, with one sentence on why: it stands in the inbox until somebody takes it, whatever becomes of
   * the run. To a person or a role, or to whoever looks first.
   */
  escalate(to: string | null, summary: string): void;
  /** Adds a note: title, and text in Markdown. */
  addNote(title: string, text: string): void;
  /** Adds an artifact with these CEF fields and returns its number. Throws `NotHandled` with what the host finds wrong with it. */
  addArtifact(name: string, label: string, cef: Record<string, unknown>): number;
}
