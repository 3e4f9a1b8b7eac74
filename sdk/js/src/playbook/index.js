import { Failure } from "../failure.js";
import { tellFault } from "../fault.js";
import { IDENTITY, identity } from "../identity.js";
import { object } from "../schema.js";
import { onlyKnown, text } from "../strict.js";
import { NotHandled } from "./not_handled.js";
import { Run } from "./run.js";

export { NotHandled } from "./not_handled.js";
export { choice, number, text } from "./prompt.js";

const KNOWN = [...IDENTITY, "labels", "needs", "starts", "configuration", "lists", "manualMinutes", "run"];

/** A playbook: the functions that its module exports. */
export function playbook(definition) {
  const { labels, needs = [], starts = [], lists = [], manualMinutes = 0 } = onlyKnown("a playbook", definition, KNOWN);
  const { configuration = object({}), run: handle } = definition;
  const descriptor = {
    identity: identity("a playbook", definition),
    labels,
    needs: needs.map(need),
    starts,
    configuration: JSON.stringify(configuration),
    lists: lists.map(listUse),
    manualMinutes,
  };

  const run = () => {
    try {
      return text("what a playbook returns", { sentence: handle(new Run()) }, "sentence");
    } catch (error) {
      if (error instanceof NotHandled) throw error.message;
      if (error instanceof Failure) throw error.sentence;
      tellFault(error);
      throw `${error}`;
    }
  };

  return Object.freeze({ describe: () => descriptor, run });
}

function need(given) {
  const what = "what a playbook needs";
  const { parameters, data } = onlyKnown(what, given, ["connector", "action", "parameters", "data"]);
  return {
    connector: text(what, given, "connector"),
    action: text(what, given, "action"),
    parameters: parameters === undefined ? null : JSON.stringify(parameters),
    data: data === undefined ? null : JSON.stringify(data),
  };
}

function listUse(given) {
  const what = "the use of a list";
  const { adds = false } = onlyKnown(what, given, ["name", "adds"]);
  return { name: text(what, given, "name"), adds };
}
