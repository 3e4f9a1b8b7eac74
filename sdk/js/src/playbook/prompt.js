import { onlyKnown } from "../strict.js";

/** What a prompt waits for unless it says otherwise. */
const WITHIN_MS = 24 * 60 * 60 * 1_000;

/** One of these choices is an answer. */
export function choice(question, choices, otherwise, options) {
  return prompt(question, { tag: "choice", val: choices }, otherwise, options);
}

/** Any text is an answer. */
export function text(question, otherwise, options) {
  return prompt(question, { tag: "text" }, otherwise, options);
}

/** A whole number of this range is an answer, both ends included. */
export function number(question, range, otherwise, options) {
  return prompt(question, { tag: "number", val: range }, otherwise, options);
}

function prompt(question, answer, otherwise, options = {}) {
  const { to = null, withinMs = WITHIN_MS } = onlyKnown("a prompt", options, ["to", "withinMs"]);
  return { to, question, answer, timeLimitMs: withinMs, default: JSON.stringify(otherwise) };
}
