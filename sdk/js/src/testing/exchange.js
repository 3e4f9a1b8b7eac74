import { isDeepStrictEqual } from "node:util";

import { onlyKnown } from "../strict.js";
import { decode, encode } from "../text.js";
import { Refusal, depart } from "./world.js";

const KNOWN = ["method", "url", "headers", "basic", "bearer", "json", "body", "containing", "answer", "error"];

/** Holds a request against the exchange that is its turn, and gives the answer. */
export function meet(exchange, request) {
  const { method = "GET", url, headers = {}, basic, bearer, answer = {}, error } = onlyKnown("an exchange", exchange, KNOWN);
  const sent = `${request.method} ${request.url}`;
  same("the wrong request", sent, `${method} ${url}`);
  const authorization = (basic && { tag: "basic", val: basic }) ?? (bearer && { tag: "bearer", val: bearer }) ?? null;
  same(`the authorization of ${sent}`, request.authorization, authorization);
  for (const [name, value] of Object.entries(headers)) {
    const there = request.headers.some((field) => field[0] === name && field[1] === value);
    if (!there) depart(`${sent} lacks the header field ${name}: ${value}, it has ${JSON.stringify(request.headers)}`);
  }
  meetBody(exchange, decode(Uint8Array.from(request.body)), sent);
  if (error !== undefined) throw new Refusal(error);
  return response(answer);
}

function meetBody({ json, body = "", containing }, sent, of) {
  if (json !== undefined) same(`the body of ${of}`, parsed(sent, of), json);
  else if (containing === undefined) same(`the body of ${of}`, sent, body);
  else for (const part of containing) if (!sent.includes(part)) depart(`the body of ${of} lacks ${part}: ${sent}`);
}

function parsed(text, of) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return depart(`the body of ${of} is no JSON: ${error.message}`);
  }
}

function response(answer) {
  const { status = 200, headers = {}, json, body = "" } = onlyKnown("an answer", answer, ["status", "headers", "json", "body"]);
  const fields = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  if (json !== undefined) return { status, headers: [...fields, ["content-type", "application/json"]], body: encode(JSON.stringify(json)) };
  return { status, headers: fields, body: typeof body === "string" ? encode(body) : body };
}

function same(what, found, wanted) {
  if (!isDeepStrictEqual(found, wanted)) depart(`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`);
}
