// The actions against a script of what urlscan.io answers: no host, no network.

import assert from "node:assert/strict";
import { test } from "node:test";

import { START_MS, invoke, verify } from "@palisade/sdk/testing";

import * as urlscan from "../src/plugin.js";

const UUID = "0196d976-07f6-7aae-8a57-aa019145f31c";
const LINK = `https://urlscan.io/result/${UUID}/`;
const PAGE = "https://login.example.com/";
const KEY = { "api-key": "the key" };

const script = (...http) => ({ configuration: { api_key: "the key" }, http: http.map((it) => ({ headers: KEY, ...it })) });

const submission = {
  method: "POST",
  url: "https://urlscan.io/api/v1/scan/",
  json: { url: PAGE, visibility: "unlisted", tags: ["palisade-test-key"] },
};

const result = (answer) => ({ url: `https://urlscan.io/api/v1/result/${UUID}/`, answer });

const malicious = {
  task: { uuid: UUID },
  page: { url: PAGE, ip: "203.0.113.66" },
  verdicts: { overall: { malicious: true, score: 100, brands: [{ key: "acme", name: "Acme" }] } },
};

test("a page is opened, and its result looked for until it is there", () => {
  const first = invoke(urlscan, "detonate url", { url: PAGE }, script({ ...submission, answer: { json: { uuid: UUID } } }));
  const { token, afterMs } = first.pending;
  assert.deepEqual([token, afterMs], [`${UUID} ${START_MS + 600_000}`, 10_000]);

  const again = (answer) => invoke(urlscan, "detonate url", { url: PAGE }, { ...script(result(answer)), resume: token });
  assert.equal(again({ status: 404, json: { message: "Scan is not finished yet" } }).pending.token, token);
  const { report } = again({ json: malicious });
  assert.equal(report.message, "https://login.example.com/ is malicious: it imitates Acme.");
  assert.deepEqual(report.summary, { malicious: true, score: 100 });
  assert.equal(report.data.link, LINK);
});

test("what is missing in a result is not made up", () => {
  const { report } = invoke(urlscan, "detonate url", { url: PAGE }, {
    ...script(result({ json: { task: { uuid: UUID } } })),
    resume: `${UUID} ${START_MS}`,
  });
  assert.deepEqual([report.data.malicious, report.data.brands, report.data.url], [null, [], null]);
});

test("a scan does not take for ever, and cannot be stopped", () => {
  const late = { ...script(result({ status: 404 })), resume: `${UUID} ${START_MS}` };
  assert.equal(invoke(urlscan, "detonate url", { url: PAGE }, late).failure.tag, "unavailable");
  const cancelled = { ...script(), resume: `${UUID} ${START_MS}`, cancelled: true };
  assert.equal(invoke(urlscan, "detonate url", { url: PAGE }, cancelled).report.status, "failed");
});

test("a page that urlscan.io does not open is a no", () => {
  const json = { message: "DNS Error - Could not resolve domain", description: "It has no address.", status: 400 };
  const { report } = invoke(urlscan, "detonate url", { url: PAGE }, script({ ...submission, answer: { status: 400, json } }));
  assert.equal(report.status, "failed");
  assert.match(report.message, /does not open .*: DNS Error - Could not resolve domain: It has no address\./);
});

test("errors become failures that the host knows what to do about", () => {
  const failure = (answer) => invoke(urlscan, "test connectivity", {}, script({ url: "https://urlscan.io/api/v1/quotas", answer })).failure;
  assert.equal(failure({ status: 401, json: { message: "no such key" } }).tag, "authentication");
  assert.equal(failure({ status: 400, json: { message: "Invalid API key format" } }).tag, "authentication");
  const limited = failure({ status: 429, headers: { "X-Rate-Limit-Reset-After": "17" }, json: { message: "Too many" } });
  assert.deepEqual([limited.tag, limited.retryAfterMs, limited.message], ["rate-limited", 17_000, "Too many"]);
  assert.equal(failure({ status: 429 }).retryAfterMs, null);
  assert.deepEqual([failure({ status: 502, body: "<html>" }).tag, failure({ status: 502 }).httpStatus], ["upstream", 502]);
});

test("whether a lost submission arrived is found by its tag", () => {
  const search = (results) => ({
    url: "https://urlscan.io/api/v1/search/?q=task.tags%3A%22palisade-test-key%22&size=1",
    answer: { json: { total: results.length, results } },
  });
  const found = verify(urlscan, "detonate url", { url: PAGE }, script(search([{ _id: UUID }]), result({ json: malicious })));
  assert.equal(found.report.data.uuid, UUID);
  assert.equal(verify(urlscan, "detonate url", { url: PAGE }, script(search([]))).verdict, "unknown");
});

test("what is known of a domain", () => {
  const look = (domain, answer) => {
    const url = `https://urlscan.io/api/v1/search/?q=domain%3A%22${domain}%22&size=10`;
    return invoke(urlscan, "lookup domain", { domain }, script({ url, answer }));
  };
  const results = [{ _id: UUID, task: { time: "2026-01-01T00:00:00Z" }, page: { url: PAGE, country: "NL" } }];
  const { report } = look("example.com", { json: { total: 1, results } });
  assert.deepEqual(report.data.scans[0], { uuid: UUID, time: "2026-01-01T00:00:00Z", url: PAGE, ip: null, country: "NL" });
  assert.equal(look("example.org", { json: { total: 0, results: [] } }).report.message, "Nobody has scanned example.org.");
  assert.equal(look("example.org", { json: { results: {} } }).failure.tag, "upstream");
});
