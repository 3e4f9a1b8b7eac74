import { mismatch } from "../schema.js";
import { onlyKnown } from "../strict.js";
import { describe } from "./connector.js";
import { entered } from "./wire.js";
import { allUsed, depart, within } from "./world.js";

const KNOWN = ["alert", "artifacts", "configuration", "lists", "earlier", "actions", "answers", "playbooks"];

/** Runs a playbook on an alert of medium severity. */
export function play(playbook, script = {}) {
  const { alert = {}, artifacts = [], configuration = {}, lists = {} } = onlyKnown("a script", script, KNOWN);
  const { earlier = [], actions = [], answers = [], playbooks = [] } = script;
  const described = describe(playbook, "playbook");
  const scripted = {
    alert: { ...ALERT, ...alert },
    artifacts: artifacts.map((cef, place) => ({ id: place + 1, name: "event", label: "event", cef: JSON.stringify(cef) })),
    configuration,
    lists: Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]])),
    earlier: [...earlier],
    actions: [...actions],
    answers: [...answers],
    playbooks: [...playbooks],
    needs: described.needs,
    starts: described.starts,
    uses: described.lists,
    steps: [],
    started: [],
    asked: [],
    changes: [],
  };
  const { result, world } = within(scripted, () => {
    const reason = mismatch(JSON.parse(described.configuration), configuration);
    if (reason) depart(`the configuration does not satisfy its schema, so the host would refuse it: ${reason}`);
    return end(() => playbook.run());
  });
  allUsed("actions that were never started", world.actions);
  allUsed("answers to prompts that were never asked", world.answers);
  allUsed("looks into history that were never made", world.earlier);
  allUsed("playbooks that were never started", world.playbooks);
  const { log, changes, started, asked } = world;
  return { ...result, log, changes, started, asked };
}

const ALERT = {
  id: 1,
  name: "Test alert",
  label: "test",
  source: "test",
  sourceId: "1",
  severity: "medium",
  status: "new",
  owner: null,
  description: "",
  received: 0,
  link: null,
};

function end(run) {
  entered("playbook", "run");
  try {
    return { conclusion: run() };
  } catch (error) {
    if (typeof error === "string") return { failure: error };
    throw error;
  }
}
