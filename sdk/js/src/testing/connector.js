import { AssertionError } from "node:assert";

import { fromWire } from "../failure.js";
import { mismatch as schemaMismatch } from "../schema.js";
import { onlyKnown } from "../strict.js";
import { encode } from "../text.js";
import { functions } from "./contract.js";
import { entered, mismatch } from "./wire.js";
import { allUsed, depart, within } from "./world.js";

const KNOWN = ["configuration", "attempt", "resume", "cancelled", "http", "tcp", "state", "files"];

/** The idempotency key of every call. */
export const IDEMPOTENCY_KEY = "test-key";

/** Runs one action of a connector. */
export function invoke(connector, action, parameters, script = {}) {
  const { end, log, state } = enter(connector, action, parameters, script, "invoke");
  const { tag, val } = end.value ?? {};
  return {
    ...(tag === "done" && { report: read(val) }),
    ...(tag === "pending" && { pending: val }),
    ...(end.failure && { failure: end.failure }),
    log,
    state: Object.fromEntries(state),
  };
}

/** Asks a connector whether a call took effect. */
export function verify(connector, action, parameters, script = {}) {
  const { end, log } = enter(connector, action, parameters, script, "verify");
  const { tag, val } = end.value ?? {};
  return {
    ...(tag && { verdict: tag }),
    ...(tag === "happened" && { report: read(val) }),
    ...(tag === "unknown" && { why: val }),
    ...(end.failure && { failure: end.failure }),
    log,
  };
}

function read({ status, message, summary, data }) {
  return { status, message, summary: JSON.parse(summary), data: JSON.parse(data) };
}

function enter(connector, action, parameters, script, name) {
  const { configuration = {}, attempt = 1, resume = null, cancelled = false } = onlyKnown("a script", script, KNOWN);
  const { http = [], tcp = [], state = {}, files = {} } = script;
  const described = describe(connector, "connector");
  const declared = described.actions.find((it) => it.name === action);
  const scripted = {
    // Who verifies only reads.
    action: { ...declared, ...(name === "verify" && { effect: "investigate" }) },
    http: [...http],
    tcp: [...tcp],
    state: new Map(Object.entries(state).map(([key, value]) => [key, { value, timeToLiveMs: null, confidential: false }])),
    declaredFiles: described.capabilities.files.map(({ field }) => field),
    files: Object.fromEntries(Object.entries(files).map(([field, it]) => [field, typeof it === "string" ? encode(it) : it])),
  };
  const { result, world } = within(scripted, () => {
    satisfies(described.configuration, configuration, "the configuration");
    if (declared) satisfies(declared.parameters, parameters, `the parameters of \`${action}\``);
    const invocation = {
      action,
      parameters: JSON.stringify(parameters),
      configuration: JSON.stringify(configuration),
      idempotencyKey: IDEMPOTENCY_KEY,
      attempt,
      resume,
      cancelled,
    };
    fits(functions.connector[name].parameters[0], invocation, "the call");
    return end(name, declared, () => connector[name](invocation));
  });
  allUsed("requests that were never sent", world.http);
  allUsed("streams that were never opened", world.tcp);
  return { end: result, log: world.log, state: world.state };
}

/** What an export returned or threw, if it may under the contract. */
function end(name, declared, act) {
  const [right, wrong] = functions.connector[name].result.result;
  let value;
  entered("connector", name);
  try {
    value = act();
  } catch (error) {
    if (error instanceof Error) throw error;
    fits(wrong, error, "the failure");
    return { failure: fromWire(error) };
  }
  fits(right, value, `what \`${name}\` returned`);
  const report = ["done", "happened"].includes(value.tag) ? value.val : null;
  if (report) satisfies(declared.output, JSON.parse(report.data), `the data of \`${declared.name}\``);
  return { value };
}

/** The description of a plugin, held against the contract. */
export function describe(plugin, world) {
  entered(world, "describe");
  const described = plugin.describe();
  const bad = mismatch(functions[world].describe.result, described, `the description of the ${world}`);
  if (bad) throw new AssertionError({ message: bad, stackStartFn: describe });
  return described;
}

function fits(type, value, what) {
  const bad = mismatch(type, value, what);
  if (bad) depart(bad);
}

function satisfies(schema, value, what) {
  const reason = schemaMismatch(JSON.parse(schema), JSON.parse(JSON.stringify(value)));
  if (reason) depart(`${what} does not satisfy its schema, so the host would refuse it: ${reason}`);
}
