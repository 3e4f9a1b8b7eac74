import { covers } from "../covers.js";
import { mismatch } from "../../schema.js";
import { toWire } from "../../failure.js";
import { Refusal, START_MS, current, depart, play } from "../world.js";

const now = () => START_MS + current().waitedMs;

const letPass = (untilMs) => void (current().waitedMs = Math.max(current().waitedMs, untilMs - START_MS));

/** A step that was started: when it ends, and how. */
function step(endsMs, end) {
  current().steps.push({ endsMs, end });
  return current().steps.length;
}

function stepOf(id) {
  return current().steps[id - 1] ?? depart(`there is no step ${id}`);
}

/** The first of a script that this fits, taken out of it. */
function take(script, fits, otherwise) {
  const place = script.findIndex(fits);
  return place < 0 ? depart(otherwise) : script.splice(place, 1)[0];
}

function report({ status = "success", message = "", summary = {}, data = {} }) {
  return { status, message, summary: JSON.stringify(summary), data: JSON.stringify(data) };
}

export const steps = play("steps", {
  wait(id) {
    const { endsMs, end } = stepOf(id);
    letPass(endsMs);
    if (end.failure !== undefined) throw new Refusal(toWire(end.failure));
    return end.report;
  },

  waitAny: (ids) => (ids.length === 0 ? depart("a wait for one of no steps never ends") : firstOf(ids, Infinity)),

  waitUntil: (ids, deadlineMs) => firstOf(ids, deadlineMs),
});

/** The first to end; of those that end at the same time, the first of the list. */
function firstOf(ids, deadlineMs) {
  const ends = (id) => Math.max(stepOf(id).endsMs, now());
  const first = ids.reduce((one, other) => (one === null || ends(other) < ends(one) ? other : one), null);
  const found = first !== null && ends(first) <= deadlineMs;
  letPass(found ? ends(first) : deadlineMs);
  return found ? first : null;
}

export const actions = play("actions", {
  start({ connector, action, asset, parameters, undoAfterMs }) {
    const { needs, actions: script, started } = current();
    const isThis = (it) => it.connector === connector && it.action === action;
    const need = needs.find(isThis) ?? depart(`${connector}: \`${action}\` is not among the playbook's needs`);
    const given = JSON.parse(parameters);
    check(need.parameters, given, `what is sent to ${connector}: \`${action}\``);
    const { takesMs = 0, failure, ...end } = take(script, isThis, `${connector}: \`${action}\` is not in the script`);
    if (failure === undefined) check(need.data, end.data ?? {}, `the scripted data of ${connector}: \`${action}\``);
    started.push({ connector, action, asset, parameters: given, undoAfterMs });
    return step(now() + takesMs, failure === undefined ? { report: report(end) } : { failure });
  },
});

function check(schema, value, what) {
  const reason = schema === null ? null : mismatch(JSON.parse(schema), value);
  if (reason) depart(`${what} does not satisfy the playbook's need: ${reason}`);
}

export const prompts = play("prompts", {
  ask(prompt) {
    const { answers, asked } = current();
    const standing = JSON.parse(prompt.default);
    if (!counts(prompt.answer, standing)) depart(`the default of \`${prompt.question}\` is no answer to it`);
    if (answers.length === 0) depart(`a prompt that is not in the script: ${prompt.question}`);
    const scripted = answers.shift();
    const { answer, by } = scripted ?? { answer: standing, by: null };
    if (!counts(prompt.answer, answer)) depart(`${JSON.stringify(answer)} is no answer to \`${prompt.question}\``);
    asked.push({ ...prompt, default: standing });
    return step(now() + (scripted === null ? prompt.timeLimitMs : 0), { report: report({ data: { answer, by } }) });
  },
});

function counts({ tag, val }, answer) {
  if (tag === "choice") return val.includes(answer);
  if (tag === "text") return typeof answer === "string";
  return Number.isSafeInteger(answer) && answer >= val[0] && answer <= val[1];
}

export const playbooks = play("playbooks", {
  start(name) {
    const { starts, playbooks: script } = current();
    if (!starts.includes(name)) depart(`\`${name}\` is not among the playbooks that it starts`);
    const isThis = (it) => it.name === name;
    const { run, status, message, failure } = take(script, isThis, `the playbook \`${name}\` is not in the script`);
    return step(now(), failure === undefined ? { report: report({ status, message, data: { run } }) } : { failure });
  },
});

export const configuration = play("configuration", { get: () => JSON.stringify(current().configuration) });

export const lists = play("lists", {
  find(list, value) {
    const entry = entriesOf(list, false).find((entry) => covers(entry, value));
    return entry === undefined ? null : { value: entry, note: "", by: "test" };
  },
  add(list, value, note) {
    entriesOf(list, true).push(value);
    current().changes.push({ change: "listed", list, value, note });
  },
});

function entriesOf(list, toAdd) {
  const { uses, lists: kept } = current();
  const isDeclared = uses.some(({ name, adds }) => name === list && (adds || !toAdd));
  if (!isDeclared) depart(`the playbook does not declare what it does with the list \`${list}\``);
  if (!Object.hasOwn(kept, list)) throw new Refusal(`there is no list \`${list}\``);
  return kept[list];
}

export const history = play("history", {
  count(query) {
    const { earlier } = current();
    if (earlier.length === 0) depart(`a look into history that is not in the script: ${JSON.stringify(query)}`);
    const count = earlier.shift();
    if (typeof count === "string") throw new Refusal(count);
    return count;
  },
});

const change = (change) => void current().changes.push(change);

const set = (field, value) => {
  current().alert[field] = value;
  change({ change: field, [field]: value });
};

export const alerts = play("alerts", {
  get: () => ({ ...current().alert }),
  artifacts: () => current().artifacts.map((artifact) => ({ ...artifact })),
  setSeverity: (severity) => set("severity", severity),
  setStatus: (status) => set("status", status),
  setOwner: (owner) => set("owner", owner),
  escalate: (to, summary) => change({ change: "escalated", to, summary }),
  addNote: (title, text) => change({ change: "note", title, text }),
  addArtifact(name, label, cef) {
    const { artifacts } = current();
    const id = artifacts.length + 1;
    artifacts.push({ id, name, label, cef });
    change({ change: "artifact", name, label, cef: JSON.parse(cef) });
    return id;
  },
});
