import assert from "node:assert/strict";
import { test } from "node:test";

import { Failure, clock, log, random, schema } from "@palisade/sdk";
import * as sdk from "@palisade/sdk/playbook";
import { START_MS, play } from "@palisade/sdk/testing";

const HOUR_MS = 3_600_000;

/** A playbook that may do everything, and does this. */
const playbook = (run) =>
  sdk.playbook({
    name: "test",
    version: "1.0.0",
    description: "Does what a test says.",
    publisher: "Palisade",
    labels: ["test"],
    needs: [
      { connector: "example", action: "ip reputation", parameters: schema.object({ ip: schema.string() }), data: schema.open({ score: schema.integer() }) },
      { connector: "example", action: "block ip" },
    ],
    starts: ["block-address"],
    configuration: schema.object({ most: schema.optional(schema.integer("How many.", { default: 3 })) }),
    lists: [{ name: "sites" }, { name: "gone" }, { name: "offenders", adds: true }],
    manualMinutes: 5,
    run,
  });

const lookup = { connector: "example", action: "ip reputation", message: "Found", data: { score: 7 } };

test("an action is started, and reports", () => {
  const look = playbook((run) => {
    const { status, message, summary, data } = run.start("example", "ip reputation", { ip: "192.0.2.1" }, { asset: "lab" }).wait();
    run.start("example", "block ip", {}, { undoAfterMs: HOUR_MS }).wait();
    return `${status} ${message} ${data.score} ${JSON.stringify(summary)}`;
  });
  const { conclusion, started } = play(look, { actions: [{ connector: "example", action: "block ip" }, lookup] });
  assert.equal(conclusion, "success Found 7 {}");
  assert.deepEqual(started, [
    { connector: "example", action: "ip reputation", asset: "lab", parameters: { ip: "192.0.2.1" }, undoAfterMs: null },
    { connector: "example", action: "block ip", asset: null, parameters: {}, undoAfterMs: HOUR_MS },
  ]);
});

test("a failure that nobody looks at is how the run ends", () => {
  const look = playbook((run) => run.start("example", "ip reputation", { ip: "192.0.2.1" }).wait().message);
  const end = (failure) => play(look, { actions: [{ ...lookup, failure }] }).failure;
  assert.equal(end(Failure.unavailable("no route")), "the system could not be reached: no route");
  assert.equal(end(Failure.upstream("broken", 502)), "the system answered with status 502: broken");
  assert.equal(end(Failure.rateLimited("slow down", 7)), "too many calls: slow down");
  assert.equal(end(Failure.authentication("no")), "the system refused the credentials: no");
  assert.equal(end(Failure.cancelled("Alice ended it")), "Alice ended it");
});

test("a failure can be looked at", () => {
  const look = playbook((run) => {
    try {
      return run.start("example", "ip reputation", { ip: "192.0.2.1" }).wait().message;
    } catch (failure) {
      return `${failure.tag} ${failure.httpStatus}`;
    }
  });
  assert.equal(play(look, { actions: [{ ...lookup, failure: Failure.upstream("broken", 502) }] }).conclusion, "upstream 502");
});

test("what cannot be handled says why, and a bug where it is", () => {
  assert.equal(play(playbook(() => { throw new sdk.NotHandled("No address."); })).failure, "No address.");
  const { failure, log: lines } = play(playbook(() => null.address));
  assert.match(failure, /^TypeError: /);
  assert.match(lines[0].message, /playbook\.js/);
  assert.match(play(playbook(() => undefined)).failure, /needs a text/);
});

const approval = playbook((run) => {
  const began = clock.now();
  const prompt = run.ask(sdk.choice("Block it?", ["yes", "no"], "no", { to: "shift lead", withinMs: HOUR_MS }));
  const lookup = run.start("example", "ip reputation", { ip: "192.0.2.1" });
  // Of those that have ended, the first of the list.
  const first = run.waitAny([prompt, lookup]) === prompt ? "prompt" : "lookup";
  const { value, by } = prompt.wait();
  return `${first}: ${value} by ${by} after ${(clock.now() - began) / HOUR_MS} h`;
});

test("a prompt is answered, or its default stands when its time is up", () => {
  const answered = play(approval, { actions: [lookup], answers: [{ answer: "yes", by: "alice" }] });
  assert.equal(answered.conclusion, "prompt: yes by alice after 0 h");
  assert.equal(answered.asked[0].to, "shift lead");
  assert.equal(play(approval, { actions: [lookup], answers: [null] }).conclusion, "lookup: no by null after 1 h");
  const days = playbook((run) => String(run.ask(sdk.number("How many days?", [1, 30], 0)).wait().value));
  assert.throws(() => play(days, { answers: [null] }), /is no answer to it/);
});

test("another playbook tells its run and how that ended", () => {
  const start = playbook((run) => {
    const { status, message, run: number } = run.startPlaybook("block-address").wait();
    return `${status} ${message} ${number}`;
  });
  const end = { name: "block-address", run: 7, status: "failed", message: "No firewall." };
  assert.equal(play(start, { playbooks: [end] }).conclusion, "failed No firewall. 7");
  const refused = { name: "block-address", failure: Failure.notFound("no such playbook") };
  assert.equal(play(start, { playbooks: [refused] }).failure, "not found: no such playbook");
  const bad = { name: "block-address", failure: Failure.invalidParameters("too many runs") };
  assert.equal(play(start, { playbooks: [bad] }).failure, "the parameters cannot be used: too many runs");
  const denied = { name: "block-address", failure: Failure.denied("no") };
  assert.equal(play(start, { playbooks: [denied] }).failure, "the policy forbids it: no");
});

test("only waits let time pass", () => {
  const sleep = playbook((run) => {
    const prompt = run.ask(sdk.text("Why?", "", { withinMs: HOUR_MS }));
    const tooEarly = run.waitUntil([prompt], START_MS + HOUR_MS / 2);
    run.sleep(HOUR_MS / 2);
    const inTime = run.waitUntil([prompt], START_MS + HOUR_MS) === prompt;
    run.sleepUntil(START_MS);
    return `${tooEarly} ${inTime} ${clock.now() - START_MS}`;
  });
  assert.equal(play(sleep, { answers: [null] }).conclusion, `null true ${HOUR_MS}`);
  const empty = play(playbook((run) => run.waitAny([])));
  assert.match(empty.failure, /never ends/);
});

test("an action takes its time", () => {
  const wait = playbook((run) => {
    const step = run.start("example", "ip reputation", { ip: "192.0.2.1" });
    const inTime = run.waitUntil([step], START_MS + HOUR_MS / 2);
    return `${inTime} ${step.wait().message} after ${(clock.now() - START_MS) / HOUR_MS} h`;
  });
  assert.equal(play(wait, { actions: [{ ...lookup, takesMs: HOUR_MS }] }).conclusion, "null Found after 1 h");
});

test("lists, history and configuration are what the test says", () => {
  const look = playbook((run) => {
    const values = ["10.1.2.3", "192.0.2.1", "a.Acme.example", "acme.example"];
    const found = values.map((value) => run.findIn("sites", value)?.value ?? null);
    const earlier = run.countEarlier({ label: "mobile", field: "sourceUserName", value: "kim", sinceMs: 0, severity: "low" });
    run.addTo("offenders", "kim", "again");
    run.escalate("tier2", "Look.");
    let gone = "";
    try {
      run.findIn("gone", "x");
    } catch (error) {
      gone = error.message;
    }
    return JSON.stringify([run.configuration().most, found, earlier, gone]);
  });
  const lists = { sites: ["10.0.0.0/8", "*.acme.example"], offenders: [] };
  const { conclusion, changes } = play(look, { lists, earlier: [2], configuration: { most: 5 } });
  assert.deepEqual(JSON.parse(conclusion), [5, ["10.0.0.0/8", null, "*.acme.example", null], 2, "there is no list `gone`"]);
  assert.deepEqual(changes, [
    { change: "listed", list: "offenders", value: "kim", note: "again" },
    { change: "escalated", to: "tier2", summary: "Look." },
  ]);
});

test("the alert is changed, and shows it", () => {
  const severities = ["informational", "low", "medium", "high", "critical"];
  const change = playbook((run) => {
    if (run.alert().status !== "new") throw new Error("nobody has looked");
    severities.forEach((severity) => run.setSeverity(severity));
    run.setStatus("open");
    run.setStatus("closed");
    run.setOwner("alice");
    run.addNote("Title", "**Text**");
    run.addArtifact("event", "event", { sourceAddress: "192.0.2.7" });
    for (const level of ["debug", "info", "warn", "error"]) log[level](level);
    const { severity, status, owner, link } = run.alert();
    return [severity, status, owner, link, run.artifacts().all.length, random.bytes(2)].join(" ");
  });
  const { conclusion, changes, log: lines } = play(change, { alert: { link: "https://siem.example/1" } });
  assert.equal(conclusion, "critical closed alice https://siem.example/1 1 0,1");
  assert.equal(changes.length, 10);
  assert.deepEqual(lines.map(({ level }) => level), ["debug", "info", "warn", "error"]);
});

test("the first usable value of the artifacts counts", () => {
  const look = playbook((run) => {
    const found = run.artifacts();
    return JSON.stringify([found.ip("sourceAddress"), found.number("destinationPort"), found.number("bytesOut"), found.text("requestURL")]);
  });
  const artifacts = [
    { sourceAddress: "not an address", destinationPort: "443", requestURL: " " },
    { sourceAddress: ["192.0.2.7", "192.0.2.8"], bytesOut: 1200 },
  ];
  assert.equal(play(look, { artifacts }).conclusion, JSON.stringify(["192.0.2.7", 443, 1200, null]));
});

test("what is not declared fails the test", () => {
  const refuses = (run, words) => assert.throws(() => play(playbook(run), { lists: { other: [] } }), words);
  refuses((run) => run.start("example", "other").wait().message, /not among the playbook's needs/);
  refuses((run) => run.startPlaybook("other").wait().message, /not among the playbooks/);
  refuses((run) => run.findIn("other", "x").note, /does not declare what it does with the list/);
  refuses((run) => String(run.addTo("sites", "x", "")), /does not declare what it does with the list/);
  const send = playbook((run) => run.start("example", "ip reputation", { ip: 7 }).wait().message);
  assert.throws(() => play(send, { actions: [lookup] }), /does not satisfy the playbook's need: \/ip is not of type string/);
});
