import { Failure } from "../failure.js";
import { mismatch } from "../schema.js";
import { clock } from "../services.js";
import { decode } from "../text.js";

/** How much of a system's own words a failure keeps, in characters: enough for a sentence, not for a page. */
const WORDS_CHARS_MAX = 300;

/** One response, whatever its status. */
export class Response {
  #headers;

  constructor({ status, headers, body }) {
    this.status = status;
    this.body = body;
    this.#headers = headers;
  }

  header(name) {
    return this.headers(name)[0] ?? null;
  }

  headers(name) {
    return this.#headers.filter(([field]) => field === name.toLowerCase()).map(([, value]) => value);
  }

  text() {
    return decode(this.body);
  }

  json(schema = true) {
    let value;
    try {
      value = JSON.parse(this.text());
    } catch (error) {
      throw this.#nonsense(error.message);
    }
    const reason = mismatch(schema, value);
    if (reason !== null) throw this.#nonsense(reason);
    return value;
  }

  #nonsense(reason) {
    return Failure.upstream(`the answer is not the JSON it should be: ${reason}`, this.status);
  }

  ok(words = () => null) {
    if (this.status >= 200 && this.status < 300) return this;
    const message = shorten(words(this) ?? this.#plainWords());
    switch (this.status) {
      case 401:
      case 403:
        throw Failure.authentication(message);
      case 404:
        throw Failure.notFound(message);
      case 429:
        throw Failure.rateLimited(message, this.#retryAfterMs());
      default:
        throw Failure.upstream(message, this.status);
    }
  }

  /** The body, unless it is a page for a browser or empty. */
  #plainWords() {
    const text = this.text().trim();
    return text === "" || text.startsWith("<") ? "no reason given" : text;
  }

  /** Milliseconds to wait by the `Retry-After` field (RFC 9110 section 10.2.3): a number of seconds or a date. */
  #retryAfterMs() {
    const field = this.header("retry-after")?.trim() ?? "";
    if (/^\d{1,9}$/.test(field)) return Number(field) * 1_000;
    const date = Date.parse(field);
    return Number.isNaN(date) ? null : Math.max(0, date - clock.now());
  }
}

/** One line of at most so many characters. */
function shorten(words) {
  const line = [...words.trim().replace(/\s+/g, " ")];
  return line.length > WORDS_CHARS_MAX ? `${line.slice(0, WORDS_CHARS_MAX).join("")}…` : line.join("");
}
