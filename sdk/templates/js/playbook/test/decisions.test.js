// What the playbook decides, with the ends of its actions given: no host, no connectors.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Failure } from "@palisade/sdk";
import { play } from "@palisade/sdk/testing";

import * as playbook from "../src/plugin.js";

const artifacts = [{ sourceAddress: "203.0.113.9" }];
const lookup = { connector: "example-intel", action: "ip reputation" };

test("a bad address raises the severity", () => {
  const actions = [{ ...lookup, message: "It has a score of 90.", data: { score: 90 } }];
  const { conclusion, changes } = play(playbook, { artifacts, actions });
  assert.equal(conclusion, "203.0.113.9 is bad: the alert is of high severity.");
  assert.deepEqual(changes.at(-1), { change: "severity", severity: "high" });
});

test("a failed look-up fails the run", () => {
  const actions = [{ ...lookup, failure: Failure.notFound("no such address") }];
  assert.equal(play(playbook, { artifacts, actions }).failure, "not found: no such address");
});

test("an alert without an address says so", () => {
  assert.equal(play(playbook).failure, "The alert has no source address.");
});
