import { onlyReads } from "../reads.js";
import { meet } from "../exchange.js";
import { Refusal, current, depart, play } from "../world.js";
import { open } from "../conversation.js";

/** As much as one read of a file gives, whatever it asks for. */
const READ_BYTES = 1024 * 1024;

export const http = play("http", {
  send(request) {
    const { action, http: script } = current();
    if (["investigate", "test"].includes(action.effect) && !onlyReads(request, action.reads)) {
      depart(`\`${action.name}\` may only read: ${request.method} ${request.url}`);
    }
    if (script.length === 0) depart(`a request that is not in the script: ${request.method} ${request.url}`);
    return meet(script.shift(), request);
  },
});

export const tcp = play("tcp", {
  connect(host, port) {
    const { tcp: script } = current();
    if (script.length === 0) depart(`a stream that is not in the script: ${host}:${port}`);
    return open(script.shift(), host, port);
  },
});

export const state = play("state", {
  get: (key) => current().state.get(key)?.value ?? null,
  put(key, value, timeToLiveMs, confidential) {
    // The host cannot scrub what is shorter from what it lets out.
    if (confidential && value.length < 6) throw new Refusal("it is too short to be scrubbed");
    current().state.set(key, { value, timeToLiveMs, confidential });
  },
  remove: (key) => void current().state.delete(key),
});

export const files = play("files", {
  size: (field) => file(field).length,
  read: (field, offset, length) => file(field).slice(offset, offset + Math.min(length, READ_BYTES)),
});

function file(field) {
  const { declaredFiles, files: named } = current();
  if (!declaredFiles.includes(field)) depart(`\`${field}\` is not among the files that the connector reads`);
  const content = named[field];
  if (content === undefined) throw new Refusal({ tag: "denied", val: `the asset's \`${field}\` names no file` });
  if (content === null) throw new Refusal({ tag: "unreadable", val: "the file cannot be read" });
  return content;
}
