// The actions against a script of the vendor's answers: no host, no network.

import assert from "node:assert/strict";
import { test } from "node:test";

import { invoke } from "@palisade/sdk/testing";

import * as connector from "../src/plugin.js";

const URL = "https://api.example.com";

/** An asset, and what the vendor answers to the one request of the call. */
const vendor = (path, answer) => ({
  configuration: { url: URL, api_key: "the key" },
  http: [{ url: `${URL}/v1/${path}`, headers: { "x-api-key": "the key" }, answer }],
});

test("a known address has a score", () => {
  const answer = { json: { score: 90, categories: ["scanner"] } };
  const { report } = invoke(connector, "ip reputation", { ip: "203.0.113.9" }, vendor("203.0.113.9.json", answer));
  assert.equal(report.message, "203.0.113.9 has a score of 90: scanner.");
  assert.equal(report.data.score, 90);
});

test("an unknown address is not found", () => {
  const answer = { status: 404, body: "no such address" };
  const { failure } = invoke(connector, "ip reputation", { ip: "192.0.2.1" }, vendor("192.0.2.1.json", answer));
  assert.equal(failure.tag, "not-found");
});

test("the vendor says its version", () => {
  const answer = { json: { version: "1.4" } };
  const { report } = invoke(connector, "test connectivity", {}, vendor("status.json", answer));
  assert.equal(report.message, "The API answers, version 1.4.");
});

test("a refused key fails the test", () => {
  const { failure } = invoke(connector, "test connectivity", {}, vendor("status.json", { status: 401 }));
  assert.equal(failure.tag, "authentication");
});
