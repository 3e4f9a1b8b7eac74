// What a connector must be able to reach, as the contract has it.

import { onlyKnown, text } from "../strict.js";

export function httpCapability(access) {
  const what = "an HTTP access";
  onlyKnown(what, access, ["host", "methods", "secrets", "reason"]);
  const { methods, secrets = [] } = access;
  return { host: host(what, access), methods, secrets: secrets.map(secretUse), reason: text(what, access, "reason") };
}

export function tcpCapability(access) {
  const what = "a TCP access";
  onlyKnown(what, access, ["host", "ports", "reason"]);
  return { host: host(what, access), ports: access.ports, reason: text(what, access, "reason") };
}

export function reveal(secret) {
  const what = "a revealed secret";
  onlyKnown(what, secret, ["field", "reason"]);
  return { field: text(what, secret, "field"), reason: text(what, secret, "reason") };
}

export function fileCapability(file) {
  const what = "a file";
  onlyKnown(what, file, ["field", "reason"]);
  return { field: text(what, file, "field"), reason: text(what, file, "reason") };
}

/** `"api.example.com"`, `{ configured: "url" }`, or `"anywhere"`. */
function host(what, { host }) {
  if (host === "anywhere") return { tag: "anywhere" };
  if (typeof host === "string") return { tag: "named", val: host };
  return { tag: "configured", val: text(`the host of ${what}`, host ?? {}, "configured") };
}

function secretUse(use) {
  const what = "the use of a secret";
  onlyKnown(what, use, ["field", "in", "name"]);
  const field = text(what, use, "field");
  switch (use.in) {
    case "header":
    case "query":
      return { field, place: { tag: use.in, val: text(what, use, "name") } };
    case "authorization":
    case "body":
      return { field, place: { tag: use.in } };
    default:
      throw new TypeError(`a secret stands in a \`header\`, in the \`query\`, in the \`authorization\` or in the \`body\``);
  }
}
