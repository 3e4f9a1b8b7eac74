/** Why an action could not run to its end. */
export class Failure extends Error {
  name = "Failure";

  constructor(tag, detail) {
    super(typeof detail === "string" ? detail : detail.message);
    this.tag = tag;
    this.httpStatus = detail.httpStatus ?? null;
    this.retryAfterMs = detail.retryAfterMs ?? null;
  }

  static invalidParameters(message) {
    return new Failure("invalid-parameters", message);
  }

  static authentication(message) {
    return new Failure("authentication", message);
  }

  static notFound(message) {
    return new Failure("not-found", message);
  }

  static rateLimited(message, retryAfterMs = null) {
    return new Failure("rate-limited", { message, retryAfterMs });
  }

  static upstream(message, httpStatus = null) {
    return new Failure("upstream", { message, httpStatus });
  }

  static unavailable(message) {
    return new Failure("unavailable", message);
  }

  static denied(message) {
    return new Failure("denied", message);
  }

  static cancelled(message) {
    return new Failure("cancelled", message);
  }

  get sentence() {
    const { message, httpStatus: status } = this;
    switch (this.tag) {
      case "invalid-parameters":
        return `the parameters cannot be used: ${message}`;
      case "authentication":
        return `the system refused the credentials: ${message}`;
      case "not-found":
        return `not found: ${message}`;
      case "rate-limited":
        return `too many calls: ${message}`;
      case "upstream":
        if (status === null) return `the system's answer is an error: ${message}`;
        if (status >= 200 && status < 300) return `the system's answer makes no sense: ${message}`;
        return `the system answered with status ${status}: ${message}`;
      case "unavailable":
        return `the system could not be reached: ${message}`;
      case "denied":
        return `the policy forbids it: ${message}`;
      default:
        return message;
    }
  }
}

/** The failure as the contract has it. */
export function toWire({ tag, message, httpStatus, retryAfterMs }) {
  if (tag === "rate-limited") return { tag, val: { retryAfterMs, message } };
  if (tag === "upstream") return { tag, val: { httpStatus, message } };
  return { tag, val: message };
}

/** What a call of the host threw, if that is the error of its result: any other is a fault. A text is the message. */
export function payloadOf(error) {
  if (error?.constructor !== Error) throw error;
  return error.payload ?? error.message;
}

/** The failure that a step ended with. */
export function fromWire({ tag, val }) {
  return new Failure(tag, val);
}

/** Calls the host; `failures` says by the case of an error which failure it is. */
export function calling(call, failures) {
  try {
    return call();
  } catch (error) {
    const { tag, val } = payloadOf(error);
    throw new Failure(failures[tag], failures[tag] === "upstream" ? { message: val } : val);
  }
}
