import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { items, mismatch, used } from "../src/testing/wire.js";

// The tests of the SDK, in one process: what they use of the contract is then known.
await import("./connector.js");
await import("./playbook.js");

test("what is generated follows from the contract", () => {
  const generate = fileURLToPath(new URL("../tools/generate.js", import.meta.url));
  execFileSync(process.execPath, [generate, "--check"]);
});

test("what does not fit the contract is refused", () => {
  const right = { status: "success", message: "", summary: "{}", data: "{}" };
  assert.equal(mismatch("types.report", right), null);
  assert.match(mismatch("types.report", { ...right, data: undefined }), /data is no string/);
  assert.match(mismatch("types.report", { ...right, more: 1 }), /a field `more`, which no types.report has/);
  assert.match(mismatch("types.status", "done"), /is no types.status/);
  assert.match(mismatch("types.failure", { tag: "other", val: "" }), /is no types.failure/);
});

test("the types name what there is", async () => {
  for (const [module, types] of [
    ["@palisade/sdk", "index"],
    ["@palisade/sdk/connector", "connector/index"],
    ["@palisade/sdk/playbook", "playbook/index"],
    ["@palisade/sdk/testing", "testing/index"],
    ["../src/schema.js", "schema"],
  ]) {
    const text = readFileSync(new URL(`../src/${types}.d.ts`, import.meta.url), "utf8");
    const declared = [...text.matchAll(/^export (?:const|function|class|\* as) (\w+)/gm)].map(([, name]) => name);
    assert.deepEqual(declared.sort(), Object.keys(await import(module)).sort(), module);
  }
});

after(() => {
  const missed = items().filter((item) => !used.has(item));
  assert.deepEqual(missed, [], "the SDK, or its tests, leave these items of the contract out");
});
