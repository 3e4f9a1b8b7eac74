// What handlers return, and the same as the contract has it.

import { onlyKnown, text } from "../strict.js";

class Done {
  constructor(status, message, data, summary) {
    Object.assign(this, { status, message, data, summary });
  }
}

class Pending {
  constructor(definition) {
    const what = "what is pending";
    onlyKnown(what, definition, ["afterMs", "token", "message"]);
    const { afterMs } = definition;
    if (!Number.isSafeInteger(afterMs) || afterMs < 0) throw new TypeError(`${what} needs whole milliseconds \`afterMs\``);
    Object.assign(this, { afterMs, token: text(what, definition, "token"), message: text(what, definition, "message") });
  }
}

class Verdict {
  constructor(tag, val) {
    Object.assign(this, { tag, val });
  }
}

/** It did what its name says. */
export function success(message, data = {}, summary = {}) {
  return new Done("success", message, data, summary);
}

/** The system answered, and the answer is no. */
export function failed(message, data = {}, summary = {}) {
  return new Done("failed", message, data, summary);
}

/** The system works on it. */
export function pending(definition) {
  return new Pending(definition);
}

/** The call took effect. */
export function happened(done) {
  return new Verdict("happened", done);
}

/** It did not, and no trace of it is under way. */
export const didNotHappen = Object.freeze(new Verdict("did-not-happen"));

/** The system cannot tell. */
export function unknown(why) {
  return new Verdict("unknown", why);
}

export function outcome(value) {
  if (value instanceof Done) return { tag: "done", val: report(value) };
  if (value instanceof Pending) return { tag: "pending", val: { ...value } };
  throw new TypeError("an action returns `success(…)`, `failed(…)` or `pending(…)`");
}

export function verdict(value) {
  if (!(value instanceof Verdict)) {
    throw new TypeError("who verifies returns `happened(…)`, `didNotHappen` or `unknown(…)`");
  }
  const { tag, val } = value;
  if (tag === "happened") return { tag, val: report(val) };
  return val === undefined ? { tag } : { tag, val };
}

function report({ status, message, summary, data }) {
  return { status, message, summary: JSON.stringify(summary), data: JSON.stringify(data) };
}
