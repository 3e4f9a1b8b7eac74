import * as host from "#host/playbook";
import { payloadOf } from "../failure.js";
import { clock } from "../services.js";
import { onlyKnown } from "../strict.js";
import { Artifacts } from "./artifacts.js";
import { NotHandled } from "./not_handled.js";
import { Asked, Child, Started } from "./step.js";

/** One run of a playbook: the alert it handles, and what it may do. */
export class Run {
  alert() {
    return host.alerts.get();
  }

  artifacts() {
    return new Artifacts(host.alerts.artifacts());
  }

  configuration() {
    return JSON.parse(host.configuration.get());
  }

  start(connector, action, parameters = {}, options = {}) {
    const { asset = null, undoAfterMs = null } = onlyKnown("the start of an action", options, ["asset", "undoAfterMs"]);
    const request = { connector, action, asset, parameters: JSON.stringify(parameters), undoAfterMs };
    return new Started(host.actions.start(request));
  }

  ask(prompt) {
    return new Asked(host.prompts.ask(prompt));
  }

  startPlaybook(name) {
    return new Child(host.playbooks.start(name));
  }

  waitAny(steps) {
    if (steps.length === 0) throw new TypeError("a wait for one of no steps never ends");
    return named(steps, host.steps.waitAny(ids(steps)));
  }

  waitUntil(steps, deadlineMs) {
    const id = host.steps.waitUntil(ids(steps), deadlineMs);
    return id === null ? null : named(steps, id);
  }

  sleepUntil(timeMs) {
    host.steps.waitUntil([], timeMs);
  }

  sleep(ms) {
    this.sleepUntil(clock.now() + ms);
  }

  findIn(list, value) {
    return orNotHandled(() => host.lists.find(list, value));
  }

  addTo(list, value, note) {
    orNotHandled(() => host.lists.add(list, value, note));
  }

  countEarlier(which) {
    const { label, field, value, sinceMs, severity } = onlyKnown("earlier alerts", which, EARLIER);
    return orNotHandled(() => host.history.count({ label, field, value, since: sinceMs, severity }));
  }

  setSeverity(severity) {
    host.alerts.setSeverity(severity);
  }

  setStatus(status) {
    host.alerts.setStatus(status);
  }

  setOwner(owner) {
    host.alerts.setOwner(owner);
  }

  escalate(to, summary) {
    host.alerts.escalate(to, summary);
  }

  addNote(title, text) {
    host.alerts.addNote(title, text);
  }

  addArtifact(name, label, cef) {
    return orNotHandled(() => host.alerts.addArtifact(name, label, JSON.stringify(cef)));
  }
}

const EARLIER = ["label", "field", "value", "sinceMs", "severity"];

function ids(steps) {
  return steps.map(({ id }) => id);
}

function named(steps, id) {
  return steps.find((step) => step.id === id);
}

/** A playbook that does not look at why concludes with the host's reason. */
function orNotHandled(call) {
  try {
    return call();
  } catch (error) {
    throw new NotHandled(payloadOf(error));
  }
}
