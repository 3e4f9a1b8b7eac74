// Written by tools/generate.js from palisade:plugin@0.2.0.

/**
 * What a connector tells about itself before anything is granted to it.
 *
 * The host calls `describe` once, at install, in an instance that can reach nothing; what it says is shown to
 * the operator, recorded, and enforced from then on.
 */
export namespace connectorDescriptor {
  /** The whole description. */
  interface Connector {
    /** Name, version, publisher. */
    identity: types.Identity;
    /** Maker of the system it talks to, for example `ServiceNow`. */
    vendor: string;
    /** The system it talks to, for example `IT Service Management`. */
    product: string;
    /** Schema of an asset's configuration: a JSON object. A property with `"writeOnly": true` is a secret. */
    configuration: types.JsonSchema;
    /** What it can do; the action named `test connectivity` is called by `palisade asset test`. */
    actions: connectorDescriptor.Action[];
    /** What it must be able to reach. */
    capabilities: connectorDescriptor.Capabilities;
  }

  /** One thing a connector can do. */
  interface Action {
    /** Name in the field's words: `block ip`, `query domain`. */
    name: string;
    /** One sentence for a person. */
    description: string;
    /** Schema of its parameters: a JSON object. */
    parameters: types.JsonSchema;
    /** Schema of the `data` in its report. */
    output: types.JsonSchema;
    /** What it does to the world. */
    effect: connectorDescriptor.Effect;
    /** What may happen when it is not known whether a call arrived. */
    retry: connectorDescriptor.Retry;
    /** Whether `verify` can find out if a call of it took effect. */
    verifies: boolean;
    /** The action that takes this one back, with the same parameters, if there is one. */
    undo: string | null;
    /** Milliseconds that one call of `invoke` may take, waiting included. */
    timeLimitMs: number;
    /**
     * Requests with an unsafe method that only read. An `investigate` action may send these and the safe
     * methods, and nothing else; the host enforces it.
     */
    reads: connectorDescriptor.Read[];
  }

  /** What an action does to the world. */
  type Effect =
    /** Reads, and changes nothing: the host lets it do nothing else. */
    | "investigate"
    /** Keeps something from happening: block, disable, quarantine, wipe. */
    | "contain"
    /** Puts something right: unblock, enable, restore. */
    | "correct"
    /** Changes something that is neither: a ticket, a message. */
    | "generic"
    /** Checks that the asset works; bound like `investigate`. */
    | "test";

  /** What may happen when it is not known whether a call arrived. */
  type Retry =
    /** Repeating it changes nothing. */
    | "safe"
    /** Repeating it with the same idempotency key changes nothing. */
    | "keyed"
    /** Repeating it may do it twice: the host never does so by itself. */
    | "unsafe";

  /** A request that only reads although its method is unsafe, for example `POST /wsman`. */
  interface Read {
    /** HTTP method, upper case. */
    method: string;
    /**
     * Exact path of the URL, without query. A segment `{field}` stands for what the asset has in that configuration
     * field, if it is a text that needs no escapes: `/{tenant_id}/oauth2/v2.0/token`.
     */
    path: string;
  }

  /** What the connector must be able to reach. The operator grants each item to an asset or does not. */
  interface Capabilities {
    /** HTTP servers. */
    http: connectorDescriptor.HttpCapability[];
    /** Raw TCP, for protocols that are not HTTP. The host cannot look inside it. */
    tcp: connectorDescriptor.TcpCapability[];
    /** Secrets that the connector must hold itself, because the protocol leaves no other way. */
    reveal: connectorDescriptor.Reveal[];
    /** Files that it reads, such as a database of addresses. */
    files: connectorDescriptor.FileCapability[];
  }

  /** HTTP servers it may call, how, and with which secrets. */
  interface HttpCapability {
    /** Where. */
    host: connectorDescriptor.HostPattern;
    /** HTTP methods, upper case. */
    methods: string[];
    /** Secrets that the host may put into requests to exactly these servers. */
    secrets: connectorDescriptor.SecretUse[];
    /** Why, in one sentence for the operator. */
    reason: string;
  }

  /** TCP servers it may open a stream to. */
  interface TcpCapability {
    /** Where. A configured host is the value of that field, one `host` or `host:port`: no list, and no `*.`. */
    host: connectorDescriptor.HostPattern;
    /** Ports; never empty. */
    ports: number[];
    /** Why, in one sentence for the operator. */
    reason: string;
  }

  /** A set of hosts. */
  type HostPattern =
    /** One host name, or `*.example.com` for the names below it. */
    | { tag: "named"; val: string }
    /**
     * The servers that the asset names in this configuration field: scheme, host and port of its URL, or of each
     * URL in its list. A host there may be `*.example.com`, at least two labels after the `*.`: every host below
     * that name, and not the name itself. Who configures the asset thereby lets its secrets go to all of them.
     */
    | { tag: "configured"; val: string }
    /** Any public host. May carry no secrets. */
    | { tag: "anywhere" };

  /** Where a secret stands in a request. */
  interface SecretUse {
    /** The configuration field. */
    field: string;
    /** The place. Elsewhere its placeholder is refused. */
    place: connectorDescriptor.SecretPlace;
  }

  /** The places where the host puts a secret. */
  type SecretPlace =
    /** Anywhere in the header of this name. */
    | { tag: "header"; val: string }
    /** The value of this query parameter. */
    | { tag: "query"; val: string }
    /** The password of HTTP Basic authentication (RFC 7617), or the token of Bearer (RFC 6750). */
    | { tag: "authorization" }
    /** Anywhere in the body, encoded for its content type (form, JSON, XML; else as it is). */
    | { tag: "body" };

  /** A secret that the connector must hold itself. */
  interface Reveal {
    /** The configuration field. */
    field: string;
    /** Why, in one sentence for the operator. */
    reason: string;
  }

  /** A file that the connector reads. */
  interface FileCapability {
    /** The configuration field that names the file: its name in the directory that the operator keeps for files. */
    field: string;
    /** Why, in one sentence for the operator. */
    reason: string;
  }
}

/**
 * HTTP as the host does it: one whole request, one whole response, under the operator's policy.
 *
 * The host resolves and checks the address, verifies TLS, follows redirects within the policy for safe methods,
 * bounds size and time, and replaces a secret's placeholder by the secret. A placeholder is the value that the
 * configuration has for that secret; it is made only of letters, digits, `-`, `.`, `_` and `~`, so every
 * encoder leaves it alone.
 */
export namespace http {
  /** One request. */
  interface Request {
    /** HTTP method, upper case. */
    method: string;
    /** Absolute URL, `https://` or `http://`. */
    url: string;
    /** Header fields. `host`, `connection`, `content-length` and `transfer-encoding` are the host's business. */
    headers: [string, string][];
    /** Credentials for the `Authorization` header. */
    authorization: http.Authorization | null;
    /** The body; empty for none. */
    body: Uint8Array;
    /** Milliseconds until the whole response must be here; the host caps it. */
    timeoutMs: number | null;
  }

  /** Credentials for the `Authorization` header. The secret parts may be placeholders. */
  type Authorization =
    /** HTTP Basic (RFC 7617): user, password. */
    | { tag: "basic"; val: [string, string] }
    /** Bearer token (RFC 6750). */
    | { tag: "bearer"; val: string };

  /** One response, whatever its status. */
  interface Response {
    /** HTTP status. */
    status: number;
    /** Header fields, names in lower case. */
    headers: [string, string][];
    /** The whole body. */
    body: Uint8Array;
  }

  /** Why there is no response. */
  type Error =
    /** The policy forbids it; names the rule and what would allow it. */
    | { tag: "denied"; val: string }
    /** The request is not one. */
    | { tag: "invalid"; val: string }
    /** No address, no connection, or the connection ended early. */
    | { tag: "unreachable"; val: string }
    /** The certificate does not prove that this is the server. */
    | { tag: "tls"; val: string }
    /** Not all of it was there in time. */
    | { tag: "timeout"; val: string }
    /** The response is larger than the limit. */
    | { tag: "too-large"; val: string };

  /** Sends one request and waits for its response. */
  function send(request: http.Request): http.Response;
}

/** A TCP stream as the host does it, under the same policy as `http`. */
export namespace tcp {
  /** Why there is no stream, or no more of it. */
  type Error =
    /** The policy forbids it; names the rule and what would allow it. */
    | { tag: "denied"; val: string }
    /** No address, no connection, or the connection broke. */
    | { tag: "unreachable"; val: string }
    /** The certificate does not prove that this is the server. */
    | { tag: "tls"; val: string }
    /** Nothing in time. */
    | { tag: "timeout"; val: string };

  /** An open stream; dropped, it is closed. */
  interface TcpStream {
    /** Sends all of these bytes. */
    write(bytes: Uint8Array): void;
    /** Waits for the next bytes: at least one, at most `max`. Empty at the end of the stream. */
    read(max: number): Uint8Array;
    /** Turns the stream into TLS (StartTLS, or TLS from the beginning); the certificate must be for the host. */
    startTls(): void;
  }

  /** Opens a stream. */
  function connect(host: string, port: number): tcp.TcpStream;
}

/**
 * What a connector keeps for its later calls on the same asset: the token of a session, a cursor.
 *
 * The host keeps it in memory, and may forget it at any time: after a restart, when the asset changes, when there is too
 * much of it. A connector must work without it.
 */
export namespace state {
  /** The value kept under this key, if it is still there. */
  function get(key: string): string | null;

  /**
   * Keeps a value under this key for at most so many milliseconds, in place of the one before. What is confidential is
   * scrubbed from everything that the connector logs or returns from now on, as the asset's own secrets are.
   */
  function put(key: string, value: string, timeToLiveMs: number, confidential: boolean): void;

  /** Forgets the value of this key. */
  function remove(key: string): void;
}

/** Files that the operator has given to the asset. They are read in pieces, as large ones do not fit into an instance. */
export namespace files {
  /** Why there is no file, or no more of it. */
  type Error =
    /** The connector does not declare it, or the asset names none. */
    | { tag: "denied"; val: string }
    /** The file cannot be read. */
    | { tag: "unreadable"; val: string };

  /** Bytes of the file that this configuration field names. */
  function size(field: string): number;

  /** Reads from this place on: at most 1 MiB, and fewer bytes only at the end of the file. */
  function read(field: string, offset: number, length: number): Uint8Array;
}

/** A connector: acts on one kind of system. */
export namespace connector {
  /** One call of one action. */
  interface Invocation {
    /** Name of the action, as in the description. */
    action: string;
    /** JSON object that satisfies the action's parameter schema. */
    parameters: types.Json;
    /**
     * The asset's configuration, a JSON object. A secret's value is its placeholder, unless it was granted as
     * `reveal`.
     */
    configuration: types.Json;
    /** The same for every attempt at the same step of the same run, and for no other. */
    idempotencyKey: string;
    /** 1 for the first attempt. */
    attempt: number;
    /** The token of the `pending` that this call comes back for. */
    resume: string | null;
    /**
     * The run was cancelled while the job of `resume` was pending. Stop the job if the system can, and say how it
     * stands; nobody comes back for it.
     */
    cancelled: boolean;
  }

  /** How a call ended. */
  type Outcome =
    /** The action ran to its end. */
    | { tag: "done"; val: types.Report }
    /** The system works on it: come back. Nothing waits meanwhile. */
    | { tag: "pending"; val: connector.Pending };

  /** A job of the system that is not finished. */
  interface Pending {
    /** Come back after this many milliseconds; the host enforces a minimum of 100. */
    afterMs: number;
    /** What the connector needs to recognise the job; handed back as `resume`. */
    token: string;
    /** How far it is, for a person. */
    message: string;
  }

  /** Whether a call that nobody heard the end of took effect. */
  type Verdict =
    /** It did: the report that the call would have given. */
    | { tag: "happened"; val: types.Report }
    /** It did not, and no trace of it is under way. */
    | { tag: "did-not-happen" }
    /** The system cannot tell; says why. */
    | { tag: "unknown"; val: string };

  /** Tells what this is. Called once, at install, with nothing granted. */
  function describe(): connectorDescriptor.Connector;

  /** Runs one action, in an instance of its own. */
  function invoke(call: connector.Invocation): connector.Outcome;

  /**
   * Finds out whether this call took effect: the host sent it, and does not know its end. Asked only of an action that
   * is described as `verifies`; bound like `investigate`. The invocation is the one that was sent.
   */
  function verify(call: connector.Invocation): connector.Verdict;
}

/** What a playbook tells about itself. */
export namespace playbookDescriptor {
  /** The whole description. */
  interface Playbook {
    /** Name, version, publisher. */
    identity: types.Identity;
    /** Labels of alerts that start it. */
    labels: string[];
    /** The actions it starts; it can start no others. */
    needs: playbookDescriptor.Need[];
    /** Names of the playbooks it starts; it can start no others. */
    starts: string[];
    /** Schema of its configuration: a JSON object. What the operator leaves out has the `default` of its property. */
    configuration: types.JsonSchema;
    /** The custom lists it uses; it can use no others. */
    lists: playbookDescriptor.ListUse[];
    /** Minutes that the same work takes an analyst by hand, for the record of time saved. */
    manualMinutes: number;
  }

  /** A custom list that a playbook uses. */
  interface ListUse {
    /** Name of the list. */
    name: string;
    /** Whether it adds to the list, beside looking into it. */
    adds: boolean;
  }

  /**
   * One action of one kind of connector, and what passes between the two. The host compares it with what the connector
   * declares before the playbook is enabled.
   */
  interface Need {
    /** Name of the connector, for example `servicenow`. */
    connector: string;
    /** Name of the action, for example `create ticket`. */
    action: string;
    /**
     * Schema of the parameters that the playbook sends: a JSON object. What it lists as `required` is always sent.
     * Nothing if the playbook does not say.
     */
    parameters: types.JsonSchema | null;
    /**
     * Schema of what the playbook reads in the `data` of the report. What it lists as `required` must be there.
     * Nothing if the playbook does not say.
     */
    data: types.JsonSchema | null;
  }
}

/**
 * What a run has started and can wait for: actions, prompts, other playbooks.
 *
 * A start returns at once, so any number may run side by side. The order of a playbook's calls is the program's own
 * order in every language, and every call is recorded; that is what makes an exact replay possible. While a playbook
 * waits for long, its instance may be dropped: a fresh one is then led to the same place by the record.
 */
export namespace steps {
  /** A step of this run. Later steps have larger numbers; they need not follow without a gap. */
  type StepId = number;

  /**
   * Waits until the step has ended. Waiting again returns the same.
   *
   * A prompt that was answered reports `{"answer": …, "by": …}`; `by` is null if nobody answered in time. A
   * playbook reports its conclusion as message, and `{"run": …}`.
   */
  function wait(id: steps.StepId): types.Report;

  /** Waits until one of these has ended and tells which: the first to end, once one has. Traps on an empty list. */
  function waitAny(ids: steps.StepId[]): steps.StepId;

  /**
   * Like `wait-any`, but gives up at this time (milliseconds since 1970) and then returns nothing. With an empty list
   * it is a timer.
   */
  function waitUntil(ids: steps.StepId[], deadline: number): steps.StepId | null;
}

/** Actions on the team's systems. */
export namespace actions {
  /** What to start. */
  interface Request {
    /** Name of the connector. */
    connector: string;
    /** Name of the action. */
    action: string;
    /** The asset to act on; without it, the connector's default asset. */
    asset: string | null;
    /** JSON object that satisfies the action's parameter schema. */
    parameters: types.Json;
    /**
     * Milliseconds after which the host takes the action back, counted from its success. Only for an action that
     * declares its undo.
     */
    undoAfterMs: number | null;
  }

  /** Starts an action. What is wrong with it is told by `wait`. */
  function start(request: actions.Request): steps.StepId;
}

/** Questions to people. */
export namespace prompts {
  /** A question. */
  interface Prompt {
    /** The person or role that is asked; without it, whoever looks first. */
    to: string | null;
    /** The question, in words that can be answered without looking anything up. */
    question: string;
    /** What counts as an answer. */
    answer: prompts.Answer;
    /** Milliseconds until the default stands; the host caps it at 30 days. */
    timeLimitMs: number;
    /** What stands when nobody answered in time: JSON that counts as an answer. */
    default: types.Json;
  }

  /** What counts as an answer. */
  type Answer =
    /** One of these: a JSON string. */
    | { tag: "choice"; val: string[] }
    /** Anything: a JSON string. */
    | { tag: "text" }
    /** A whole number, both ends included: a JSON number. */
    | { tag: "number"; val: [number, number] };

  /** Asks. What is wrong with the prompt is told by `wait`. */
  function ask(prompt: prompts.Prompt): steps.StepId;
}

/** Other playbooks, on the same alert. */
export namespace playbooks {
  /** Starts a playbook on the alert of this run, in a run of its own. What is wrong with it is told by `wait`. */
  function start(name: string): steps.StepId;
}

/** What the operator has configured for the playbook. */
export namespace configuration {
  /** The configuration as it stood when the run began, with the defaults of what was left out. */
  function get(): types.Json;
}

/** Custom lists: an access list, people who need care, repeat offenders. The operator keeps them, and playbooks may add. */
export namespace lists {
  /** An entry of a list. */
  interface Entry {
    /** A text, an address, a network (`10.0.0.0/8`), or the names below one (`*.example.com`). */
    value: string;
    /** Why it is there. */
    note: string;
    /** Who put it there. */
    by: string;
  }

  /**
   * The entry that a value falls under: itself, whatever its case, or the smallest network or the longest name that
   * contains it. Nothing if there is none.
   *
   * An error if the playbook does not declare the list, or if there is no such list: that is not the same as an empty
   * one.
   */
  function find(list: string, value: string): lists.Entry | null;

  /** Adds an entry, or replaces its note. An error as for `find`, or if the playbook does not declare that it adds. */
  function add(list: string, value: string, note: string): void;
}

/** What happened before. */
export namespace history {
  /** Which alerts. */
  interface Query {
    /** Their label. */
    label: string;
    /**
     * A CEF field that names who or what they are about: one of `sourceAddress`, `sourceHostName`, `sourceUserName`,
     * `sourceUserId`, `destinationAddress`, `destinationDnsDomain`, `destinationHostName`, `destinationUserName`,
     * `destinationUserId`, `deviceExternalId`, `deviceHostname`.
     */
    field: string;
    /** The value of that field in one of their artifacts, whatever its case. */
    value: string;
    /** Received at this time or later, in milliseconds since 1970. */
    since: number;
    /** How bad they are at least. */
    severity: alerts.Severity;
  }

  /** How many alerts there were before that of this run. Of very many about the value, the newest 1000 are looked at. */
  function count(query: history.Query): number;
}

/** The alert that started the run, and what the run may do to it. */
export namespace alerts {
  /** How bad it is. */
  type Severity =
    /** No harm. */
    | "informational"
    /** Can wait. */
    | "low"
    /** Today. */
    | "medium"
    /** Now. */
    | "high"
    /** Drop everything. */
    | "critical";

  /** Where the work on it stands. */
  type AlertStatus =
    /** Nobody has looked. */
    | "new"
    /** Somebody works on it. */
    | "open"
    /** Done. */
    | "closed";

  /** The alert. */
  interface Alert {
    /** Number of the alert in this installation. */
    id: number;
    /** Title. */
    name: string;
    /** What kind it is; decides which playbooks run. */
    label: string;
    /** Where it came from, for example `splunk`. */
    source: string;
    /** The source's own id for it. */
    sourceId: string;
    /** How bad it is. */
    severity: alerts.Severity;
    /** Where the work stands. */
    status: alerts.AlertStatus;
    /** Who works on it. */
    owner: string | null;
    /** Free text. */
    description: string;
    /** When the host received it, milliseconds since 1970. */
    received: number;
    /** Link back to the source, if it gave one. */
    link: string | null;
  }

  /** A piece of evidence. */
  interface Artifact {
    /** Number within the alert, from 1. */
    id: number;
    /** Title. */
    name: string;
    /** What kind it is, for example `event`. */
    label: string;
    /** Fields by their CEF key, for example `destinationAddress`: a JSON object. */
    cef: types.Json;
  }

  /** The alert as it stood when the run began, with this run's own changes. */
  function get(): alerts.Alert;

  /** Its artifacts, likewise. */
  function artifacts(): alerts.Artifact[];

  /** Says how bad it is. */
  function setSeverity(severity: alerts.Severity): void;

  /** Says where the work stands. */
  function setStatus(status: alerts.AlertStatus): void;

  /** Says who works on it; nothing for nobody. */
  function setOwner(owner: string | null): void;

  /** Adds a note: title, and text in Markdown. */
  function addNote(title: string, text: string): void;

  /** Adds an artifact: name, label, CEF fields (a JSON object). Returns its number. */
  function addArtifact(name: string, label: string, cef: types.Json): number;

  /**
   * Hands the alert to a person: it stands in the inbox until somebody takes it, whatever becomes of the run. To a
   * person or a role, or to whoever looks first; with one sentence on why.
   */
  function escalate(to: string | null, summary: string): void;
}

/** A playbook: decides what to do about one alert. */
export namespace playbook {
  /** Tells what this is. Called once, at install, with nothing granted. */
  function describe(): playbookDescriptor.Playbook;

  /** Handles the alert. Returns one sentence on how it ended, or why it could not be handled. */
  function run(): string;
}

/**
 * Vocabulary shared by both worlds.
 *
 * Structured values cross the boundary as JSON text, because their shape belongs to the plugin: it is
 * declared with JSON Schema in `describe`, and the host checks every value against that schema.
 */
export namespace types {
  /** One JSON value (RFC 8259) as UTF-8 text. */
  type Json = string;

  /** A schema in JSON Schema 2020-12, as JSON text. It is self-contained: the host refuses `$ref`. */
  type JsonSchema = string;

  /** Who wrote what, for people and for the lock file. */
  interface Identity {
    /** Name under which the plugin is installed: lower-case letters, digits and `-`, at most 64 bytes. */
    name: string;
    /** Version of the plugin itself (semver). */
    version: string;
    /** One sentence on what it is for. */
    description: string;
    /** Who publishes the plugin. */
    publisher: string;
  }

  /** What an action did, in the words of the field. */
  interface Report {
    /** Whether the action achieved what its name says. */
    status: types.Status;
    /** One sentence for a person. */
    message: string;
    /** The few facts that decide: a JSON object. */
    summary: types.Json;
    /** Everything found: JSON that satisfies the action's output schema. */
    data: types.Json;
  }

  /** Verdict of an action that ran to its end. */
  type Status =
    /** It did what its name says. */
    | "success"
    /** The system answered, and the answer is no. */
    | "failed";

  /** Why an action could not run to its end. The host decides about retries from the case. */
  type Failure =
    /** The parameters cannot be used; says which and why. Never retried. */
    | { tag: "invalid-parameters"; val: string }
    /** The system refused the credentials or the permission. Never retried. */
    | { tag: "authentication"; val: string }
    /** What was asked for does not exist there. Never retried. */
    | { tag: "not-found"; val: string }
    /** Too many calls. */
    | { tag: "rate-limited"; val: types.RateLimit }
    /** The system answered with something that is an error or makes no sense. */
    | { tag: "upstream"; val: types.UpstreamError }
    /** The system could not be reached, or did not answer in time. */
    | { tag: "unavailable"; val: string }
    /** The host's policy forbids it; says which rule. Never retried. */
    | { tag: "denied"; val: string }
    /** A person ended it, or gave it up. Told by the host; a connector has no use for it. Never retried. */
    | { tag: "cancelled"; val: string };

  /** A system's word that there were too many calls. */
  interface RateLimit {
    /** Milliseconds to wait before the next call, if the system said. */
    retryAfterMs: number | null;
    /** The system's own words. */
    message: string;
  }

  /** An error answer of the system. */
  interface UpstreamError {
    /** HTTP status, where there was one. */
    httpStatus: number | null;
    /** The system's own words, shortened. */
    message: string;
  }
}

/** Lines for the run's log. The host scrubs secrets from them and bounds their number and length. */
export namespace log {
  /** How much a line matters. */
  type Level =
    /** Of use only to the plugin's author. */
    | "debug"
    /** Worth reading afterwards. */
    | "info"
    /** Unexpected, and handled. */
    | "warn"
    /** Unexpected, and not handled. */
    | "error";

  /** Writes one line. */
  function write(level: log.Level, message: string): void;
}

/** Time as the host gives it. For a playbook it is recorded, so that a replay sees the same time. */
export namespace clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  function now(): number;
}

/** Randomness as the host gives it. For a playbook it is recorded, so that a replay sees the same bytes. */
export namespace random {
  /** `count` random bytes; at most 4096 at a time. */
  function bytes(count: number): Uint8Array;
}
