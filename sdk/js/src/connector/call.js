import * as host from "#host/connector";
import { calling, payloadOf } from "../failure.js";
import { log } from "../services.js";
import { http } from "./http.js";
import { tcp } from "./tcp.js";

/** One call of one action. */
export class Call {
  http = http;
  tcp = tcp;
  state = state;

  constructor({ configuration, idempotencyKey, attempt, resume, cancelled }) {
    this.configuration = JSON.parse(configuration);
    this.idempotencyKey = idempotencyKey;
    this.attempt = attempt;
    this.resume = resume;
    this.cancelled = cancelled;
  }

  file(field) {
    return new File(field);
  }
}

/** What earlier calls on the same asset have kept. */
const state = Object.freeze({
  get: (key) => host.state.get(key) ?? null,
  put: (key, value, timeToLiveMs) => keep(key, value, timeToLiveMs, false),
  putConfidential: (key, value, timeToLiveMs) => keep(key, value, timeToLiveMs, true),
  remove: (key) => host.state.remove(key),
});

function keep(key, value, timeToLiveMs, confidential) {
  try {
    host.state.put(key, value, timeToLiveMs, confidential);
    return true;
  } catch (error) {
    log.warn(`not kept: ${payloadOf(error)}`);
    return false;
  }
}

/** A file that the operator has given to the asset. */
class File {
  #field;

  constructor(field) {
    this.#field = field;
  }

  get size() {
    return calling(() => host.files.size(this.#field), FILE_FAILURES);
  }

  read(offset, length) {
    return calling(() => host.files.read(this.#field, offset, length), FILE_FAILURES);
  }
}

const FILE_FAILURES = { denied: "denied", unreadable: "unavailable" };
