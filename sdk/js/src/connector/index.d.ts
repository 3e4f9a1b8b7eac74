import type * as contract from "../contract.js";
import type { Infer, Schema } from "../schema.js";

/** What a connector is, can do, and must be able to reach. */
export interface Definition {
  /** Name under which it is installed: lower-case letters, digits and `-`. */
  name: string;
  /** Its version (semver). */
  version: string;
  /** One sentence on what it is for. */
  description: string;
  /** Who publishes it. */
  publisher: string;
  /** Maker of the system it talks to. */
  vendor: string;
  /** The system it talks to. */
  product: string;
  /** What an asset needs; a `secret` is asked for and sealed. */
  configuration?: Schema;
  /** HTTP servers it must be able to call. */
  http?: HttpAccess[];
  /** TCP servers it must be able to open a stream to. */
  tcp?: TcpAccess[];
  /** Secrets that the connector must hold itself, because the protocol leaves no other way. */
  reveal?: Reason[];
  /** Files that it reads, each named in a configuration field. */
  files?: Reason[];
  /** What it can do. */
  actions: Action[];
}

/** A configuration field, and why the connector needs it, in one sentence for the operator. */
export interface Reason {
  field: string;
  reason: string;
}

/**
 * A set of hosts: one name, or `*.example.com` for the names below it; the server that the asset names in a configuration
 * field; or any public host, which may carry no secrets.
 */
export type Host = (string & {}) | { configured: string } | "anywhere";

/** HTTP servers that a connector must be able to call, how, and with which secrets. */
export interface HttpAccess {
  host: Host;
  /** HTTP methods, upper case. */
  methods: string[];
  /** Secrets that the host may put into requests to exactly these servers. */
  secrets?: SecretUse[];
  /** Why, in one sentence for the operator. */
  reason: string;
}

/**
 * Where a secret stands in a request: anywhere in the header of this name, the value of this query parameter, the password of
 * Basic or the token of Bearer, or anywhere in the body.
 */
export type SecretUse =
  | { field: string; in: "header" | "query"; name: string }
  | { field: string; in: "authorization" | "body" };

/** TCP servers that a connector must be able to open a stream to. */
export interface TcpAccess {
  host: Host;
  /** Ports; never empty. */
  ports: number[];
  /** Why, in one sentence for the operator. */
  reason: string;
}

/** The functions that the module of a connector exports. */
export interface Connector {
  describe(): contract.connectorDescriptor.Connector;
  invoke(invocation: contract.connector.Invocation): contract.connector.Outcome;
  verify(invocation: contract.connector.Invocation): contract.connector.Verdict;
}

/**
 * A connector. Its module exports what this returns:
 *
 * ```js
 * export const { describe, invoke, verify } = connector({ name: "example", … });
 * ```
 */
export function connector(definition: Definition): Connector;

/** One thing that a connector can do. */
export interface Action {
  readonly name: string;
}

/** How an action works. `P` are its parameters, `O` is the `data` in its report. */
export interface ActionDefinition<P extends Schema, O extends Schema> {
  /** One sentence for a person. */
  description: string;
  /** Schema of its parameters; there are none unless it says otherwise. */
  parameters?: P;
  /** Schema of the `data` in its report; an empty object unless it says otherwise. */
  output?: O;
  /** `keyed`: repeating it with the same idempotency key changes nothing. `safe`: repeating it changes nothing. */
  retry?: contract.connectorDescriptor.Retry;
  /** The action that takes this one back, with the same parameters. */
  undo?: string;
  /** Milliseconds that one call may take, waiting included; 30,000 unless it says otherwise. */
  timeLimitMs?: number;
  /**
   * Requests with an unsafe method that only read, such as `POST /search`: method and exact path without query, in which a
   * segment `{field}` stands for what the asset has in that configuration field.
   */
  reads?: string[];
  /** Runs it. Throws a `Failure` if it cannot run to its end. */
  run(call: Call, parameters: Infer<P>): Done<Infer<O>> | Pending;
  /**
   * Finds out whether a call took effect whose end nobody heard, for an action that is unsafe to repeat. It may only read. The
   * call is the one that was sent, with its idempotency key.
   */
  verify?(call: Call, parameters: Infer<P>): Verdict<Infer<O>>;
}

/** Reads, and changes nothing: the host lets it do nothing else. Repeating it is safe. */
export function investigate<P extends Schema = Schema<{}>, O extends Schema = Schema<{}>>(
  name: string,
  definition: ActionDefinition<P, O>,
): Action;

/** Keeps something from happening. Repeating it is unsafe, unless the action says otherwise. */
export function contain<P extends Schema = Schema<{}>, O extends Schema = Schema<{}>>(
  name: string,
  definition: ActionDefinition<P, O>,
): Action;

/** Puts something right. Repeating it is unsafe, unless the action says otherwise. */
export function correct<P extends Schema = Schema<{}>, O extends Schema = Schema<{}>>(
  name: string,
  definition: ActionDefinition<P, O>,
): Action;

/** Changes something that is neither, such as a ticket. Repeating it is unsafe, unless the action says otherwise. */
export function generic<P extends Schema = Schema<{}>, O extends Schema = Schema<{}>>(
  name: string,
  definition: ActionDefinition<P, O>,
): Action;

/** The action `test connectivity`: checks that the asset works, and changes nothing. It has no parameters. */
export function test<O extends Schema = Schema<{}>>(
  definition: Omit<ActionDefinition<Schema<{}>, O>, "description" | "parameters"> & { description?: string },
): Action;

/** What an action did. */
export interface Done<T> {
  readonly data: T;
}

/** It did what its name says. `summary` has the few facts that decide. */
export function success<T = {}>(message: string, data?: T, summary?: Record<string, unknown>): Done<T>;

/** The system answered, and the answer is no. */
export function failed<T = {}>(message: string, data?: T, summary?: Record<string, unknown>): Done<T>;

/** A job of the system that is not finished. */
export interface Pending {
  /** Come back after so many milliseconds; the host enforces a minimum of 100. */
  readonly afterMs: number;
  /** What the connector needs to recognise the job; handed back as `call.resume`. */
  readonly token: string;
  /** How far it is, for a person. */
  readonly message: string;
}

/** The system works on it: come back. Nothing waits meanwhile. */
export function pending(job: Pending): Pending;

/** Whether a call that nobody heard the end of took effect. */
export interface Verdict<T> {
  readonly tag: contract.connector.Verdict["tag"];
  readonly " of"?: T;
}

/** It did: the report that the call would have given. */
export function happened<T>(done: Done<T>): Verdict<T>;

/** It did not, and no trace of it is under way. */
export const didNotHappen: Verdict<any>;

/** The system cannot tell; says why. */
export function unknown(why: string): Verdict<any>;

/** One call of one action. */
export interface Call {
  /** The asset's configuration, as its schema has it. */
  readonly configuration: any;
  /** The same for every attempt at the same step of the same run, and for no other. */
  readonly idempotencyKey: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The token of the `pending` that this call comes back for. */
  readonly resume: string | null;
  /**
   * The run was cancelled while the job of `resume` was pending. Stop the job if the system can, and say how it stands; nobody
   * comes back for it.
   */
  readonly cancelled: boolean;
  /** HTTP under the operator's policy. */
  readonly http: Http;
  /** TCP under the operator's policy. */
  readonly tcp: Tcp;
  /** What earlier calls on the same asset have kept. */
  readonly state: State;
  /** The file that this configuration field names. It stays the same file until the call ends. */
  file(field: string): File;
}

/** Sends requests. Each waits for its response, whatever its status, and throws a `Failure` if there is none. */
export interface Http {
  get(url: string, options?: RequestOptions): Response;
  post(url: string, options?: RequestOptions): Response;
  put(url: string, options?: RequestOptions): Response;
  patch(url: string, options?: RequestOptions): Response;
  delete(url: string, options?: RequestOptions): Response;
  /** A request with another method, upper case. */
  request(method: string, url: string, options?: RequestOptions): Response;
}

/** What a request has beside its method and its URL. Any text may be the placeholder of a secret. */
export interface RequestOptions {
  /** Appended to the URL: a fixed path as it is, or segments, each percent-encoded. */
  path?: string | (string | number)[];
  /** Query parameters, percent-encoded; what is null is left out. */
  query?: Record<string, string | number | boolean | null | undefined>;
  /** Header fields. */
  headers?: Record<string, string | number>;
  /** User and password of HTTP Basic authentication (RFC 7617). */
  basic?: [user: string, password: string];
  /** A Bearer token (RFC 6750). */
  bearer?: string;
  /** A JSON body, with its content type. */
  json?: unknown;
  /** A body of form fields, with its content type. */
  form?: Record<string, string | number>;
  /** Any other body. */
  body?: string | Uint8Array;
  /** The content type of the body, in place of that of `json` or `form`. */
  contentType?: string;
  /** Milliseconds until the whole response must be here; the host caps it. */
  timeoutMs?: number;
}

/** One response, whatever its status. */
export interface Response {
  /** HTTP status. */
  readonly status: number;
  /** The whole body. */
  readonly body: Uint8Array;
  /** The first header field of this name. */
  header(name: string): string | null;
  /** All header fields of this name. */
  headers(name: string): string[];
  /** The body as text; bytes that are not UTF-8 are replaced. */
  text(): string;
  /**
   * The body as JSON that satisfies the schema. Throws an `upstream` failure if it is not: a system's answer is not to be
   * trusted, and an error of JavaScript would be a fault of the plugin.
   */
  json<T = any>(schema?: Schema<T>): T;
  /**
   * This response, if its status is a success. Throws `authentication` for 401 and 403, `not-found` for 404, `rate-limited`
   * for 429, and `upstream` for any other. `words` finds the system's own words in the body of an error; otherwise they are
   * its beginning, if it is text.
   */
  ok(words?: (response: Response) => string | null | undefined): this;
}

/** Opens TCP streams. */
export interface Tcp {
  /** Opens a stream. Throws `denied` when the policy forbids it, else `unavailable`. */
  connect(host: string, port: number): TcpStream;
  /** Opens a stream to `host` or `host:port`; an IPv6 address stands in brackets. */
  connectTo(server: string, defaultPort: number): TcpStream;
}

/** An open stream. Every method throws `unavailable` when the connection broke or nothing moved in time. */
export interface TcpStream {
  /** Sends all of these bytes. */
  write(bytes: string | Uint8Array): void;
  /** Waits for the next bytes: at least one, at most `max`. Empty at the end of the stream. */
  read(max: number): Uint8Array;
  /** Reads up to the end of the stream. Throws `upstream` when there are more bytes. */
  readToEnd(bytesMax: number): Uint8Array;
  /** Turns the stream into TLS; the certificate must be for the host. */
  startTls(): void;
  /** Closes it. */
  close(): void;
}

/**
 * What a connector keeps for its later calls on the same asset: the token of a session, a cursor. The host keeps it in memory
 * and may forget it at any time; a connector must work without it. Calls of the same asset run beside each other.
 */
export interface State {
  /** The value kept under this key, if it is still there. */
  get(key: string): string | null;
  /** Keeps a value for at most so many milliseconds, and 24 h. Tells whether the host keeps it; the log has its reason if not. */
  put(key: string, value: string, timeToLiveMs: number): boolean;
  /** Keeps a value that nobody must see, such as a token: the host scrubs it from what calls of the asset log or return. */
  putConfidential(key: string, value: string, timeToLiveMs: number): boolean;
  /** Forgets the value of this key. */
  remove(key: string): void;
}

/** A file that the operator has given to the asset. Throws `denied` when it may not be read, `unavailable` when it cannot. */
export interface File {
  /** Its bytes. */
  readonly size: number;
  /** Reads from this place on: at most 1 MiB, and fewer bytes than `length` beyond that only at the end of the file. */
  read(offset: number, length: number): Uint8Array;
}
