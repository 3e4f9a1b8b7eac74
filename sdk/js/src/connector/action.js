import { object } from "../schema.js";
import { onlyKnown, text } from "../strict.js";
import { outcome, unknown, verdict } from "./outcome.js";

/** What one call may take unless the action says otherwise. */
const TIME_LIMIT_MS = 30_000;

const KNOWN = ["description", "parameters", "output", "retry", "undo", "timeLimitMs", "reads", "run", "verify"];

/** Reads, and changes nothing. */
export function investigate(name, definition) {
  return new Action(name, "investigate", "safe", definition);
}

/** Keeps something from happening. */
export function contain(name, definition) {
  return new Action(name, "contain", "unsafe", definition);
}

/** Puts something right. */
export function correct(name, definition) {
  return new Action(name, "correct", "unsafe", definition);
}

/** Changes something that is neither. */
export function generic(name, definition) {
  return new Action(name, "generic", "unsafe", definition);
}

/** The action `test connectivity`. */
export function test(definition) {
  const description = "Checks that the system can be reached with the asset's configuration.";
  return new Action("test connectivity", "test", "safe", { description, ...definition });
}

/** One thing that a connector can do. */
class Action {
  #definition;
  #effect;
  #retry;

  constructor(name, effect, retry, definition) {
    this.name = name;
    this.#definition = onlyKnown(`the action \`${name}\``, definition, KNOWN);
    this.#effect = effect;
    this.#retry = retry;
  }

  describe() {
    const { parameters = object({}), output = object({}), undo = null, reads = [], verify } = this.#definition;
    return {
      name: this.name,
      description: text(`the action \`${this.name}\``, this.#definition, "description"),
      parameters: JSON.stringify(parameters),
      output: JSON.stringify(output),
      effect: this.#effect,
      retry: this.#definition.retry ?? this.#retry,
      verifies: verify !== undefined,
      undo,
      timeLimitMs: this.#definition.timeLimitMs ?? TIME_LIMIT_MS,
      reads: reads.map(read),
    };
  }

  run(call, parameters) {
    return outcome(this.#definition.run(call, parameters));
  }

  verify(call, parameters) {
    const { verify = () => unknown(`\`${this.name}\` has no way to find out`) } = this.#definition;
    return verdict(verify(call, parameters));
  }
}

/** `"POST /wsman"`. */
function read(words) {
  const [, method, path] = /^([A-Z]+) (\/.*)$/.exec(words) ?? [];
  if (path === undefined) throw new TypeError(`a read is a method and a path, such as \`POST /search\`, and not \`${words}\``);
  return { method, path };
}
