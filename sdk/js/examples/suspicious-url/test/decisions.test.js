// The decisions, with the alert, the actions and the people played: no host, no network.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Failure } from "@palisade/sdk";
import { play } from "@palisade/sdk/testing";

import * as suspiciousUrl from "../src/plugin.js";

const URL = "https://login.example.com/a";

const lookup = { connector: "urlscan", action: "lookup domain", message: "It was scanned 3 times.", data: { total: 3 } };
const opening = (data) => ({
  connector: "urlscan",
  action: "detonate url",
  message: `${URL} is ${data.malicious ? "malicious" : "not known to be malicious"}.`,
  data: { link: "https://urlscan.io/result/1/", score: 100, ...data },
});
const ticket = {
  connector: "servicenow",
  action: "create ticket",
  data: { number: "INC1", link: "https://acme.service-now.com/1" },
};

test("a malicious page makes a ticket", () => {
  const actions = [lookup, opening({ malicious: true }), ticket];
  const played = play(suspiciousUrl, { artifacts: [{ requestURL: URL }], actions, configuration: { ask: true } });
  assert.equal(played.conclusion, `${URL} is malicious. Ticket INC1.`);
  assert.equal(played.started[0].parameters.domain, "login.example.com");
  assert.deepEqual(
    played.changes.map((it) => it.severity ?? it.title),
    ["urlscan.io", "high", "Ticket"],
  );
});

test("a harmless page makes none, and does not need what was known before", () => {
  const unknown = { ...lookup, failure: Failure.rateLimited("slow down") };
  const actions = [unknown, opening({ malicious: false })];
  const played = play(suspiciousUrl, { artifacts: [{ requestURL: URL }], actions });
  assert.equal(played.conclusion, `${URL} is not known to be malicious.`);
  assert.equal(played.log[0].message, "Nothing is known from earlier scans: too many calls: slow down");
});

test("a person is asked about personal data, and the default is no", () => {
  const script = { artifacts: [{ requestURL: `${URL}?to=kim%40acme.example` }], configuration: { ask: true } };
  const no = play(suspiciousUrl, { ...script, actions: [lookup], answers: [null] });
  assert.match(no.conclusion, /^Nobody wanted/);
  const actions = [lookup, opening({ malicious: false })];
  const yes = play(suspiciousUrl, { ...script, actions, answers: [{ answer: "yes", by: "kim" }] });
  assert.match(yes.conclusion, /not known to be malicious/);
});

test("a failure is how the run ends", () => {
  const failure = Failure.authentication("no such key");
  const actions = [lookup, { connector: "urlscan", action: "detonate url", failure }];
  const played = play(suspiciousUrl, { artifacts: [{ requestURL: URL }], actions });
  assert.equal(played.failure, "the system refused the credentials: no such key");
  assert.equal(play(suspiciousUrl).failure, "The alert has no URL.");
});
