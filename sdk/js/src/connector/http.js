import * as host from "#host/connector";
import { Failure, calling } from "../failure.js";
import { onlyKnown } from "../strict.js";
import { encode } from "../text.js";
import { Response } from "./response.js";

const FAILURES = {
  denied: "denied",
  invalid: "invalid-parameters",
  unreachable: "unavailable",
  tls: "unavailable",
  timeout: "unavailable",
  "too-large": "upstream",
};

const KNOWN = ["path", "query", "headers", "basic", "bearer", "json", "form", "body", "contentType", "timeoutMs"];

/** HTTP under the operator's policy. */
export const http = Object.freeze({
  get: (url, options) => http.request("GET", url, options),
  post: (url, options) => http.request("POST", url, options),
  put: (url, options) => http.request("PUT", url, options),
  patch: (url, options) => http.request("PATCH", url, options),
  delete: (url, options) => http.request("DELETE", url, options),

  request(method, url, options = {}) {
    const { headers = {}, timeoutMs = null } = onlyKnown("a request", options, KNOWN);
    const { body, contentType } = content(options);
    const fields = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    if (contentType !== undefined) fields.push(["content-type", contentType]);
    const request = {
      method,
      url: address(url, options),
      headers: fields,
      authorization: authorization(options),
      body,
      timeoutMs,
    };
    return new Response(calling(() => host.http.send(request), FAILURES));
  },
});

function address(url, { path = [], query = {} }) {
  const base = typeof path === "string" ? append(url, path) : path.reduce((whole, part) => append(whole, segment(part)), url);
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return pairs.length === 0 ? base : `${base}${base.includes("?") ? "&" : "?"}${form(pairs)}`;
}

function append(url, path) {
  return `${url.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
}

function segment(part) {
  const text = String(part);
  // `.` and `..` would still walk the path after encoding, because `.` is unreserved.
  if (["", ".", ".."].includes(text)) throw Failure.invalidParameters(`\`${text}\` cannot be a part of a path`);
  // A segment may also have a colon (RFC 3986 section 3.3), as IPv6 addresses do.
  return escaped(text).replaceAll("%3A", ":");
}

function authorization({ basic, bearer }) {
  if (basic !== undefined) return { tag: "basic", val: basic };
  return bearer === undefined ? null : { tag: "bearer", val: bearer };
}

function content({ json, form: fields, body = "", contentType }) {
  if (json !== undefined) return { body: encode(JSON.stringify(json)), contentType: contentType ?? "application/json" };
  if (fields !== undefined) {
    return { body: encode(form(Object.entries(fields))), contentType: contentType ?? "application/x-www-form-urlencoded" };
  }
  return { body: typeof body === "string" ? encode(body) : body, contentType };
}

function form(pairs) {
  return pairs.map(([name, value]) => `${escaped(name)}=${escaped(String(value))}`).join("&");
}

/** Everything but the unreserved characters of RFC 3986 section 2.3. A secret's placeholder has only those. */
function escaped(text) {
  const percent = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, percent);
}
