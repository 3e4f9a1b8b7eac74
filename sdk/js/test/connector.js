import assert from "node:assert/strict";
import { test } from "node:test";

import { Failure, log, random, schema } from "@palisade/sdk";
import * as sdk from "@palisade/sdk/connector";
import { invoke, verify } from "@palisade/sdk/testing";

const URL = "https://api.example.com/notes";

const note = schema.object({ text: schema.string("What it says.") });

const connector = sdk.connector({
  name: "test",
  version: "1.0.0",
  description: "Has one of everything.",
  publisher: "Palisade",
  vendor: "Example",
  product: "Example",
  configuration: schema.object({
    url: schema.optional(schema.string()),
    key: schema.optional(schema.secret()),
    list: schema.optional(schema.string()),
  }),
  http: [
    {
      host: "api.example.com",
      methods: ["GET", "POST"],
      secrets: [
        { field: "key", in: "header", name: "x-api-key" },
        { field: "key", in: "query", name: "key" },
        { field: "key", in: "authorization" },
        { field: "key", in: "body" },
      ],
      reason: "It keeps the notes.",
    },
    { host: "anywhere", methods: ["GET"], reason: "Links." },
  ],
  tcp: [{ host: { configured: "url" }, ports: [43], reason: "It answers." }],
  reveal: [{ field: "key", reason: "The protocol hashes it." }],
  files: [{ field: "list", reason: "It has what is looked up." }],
  actions: [
    sdk.generic("add note", {
      description: "Adds a note.",
      parameters: note,
      output: schema.integer(),
      undo: "remove note",
      run(call, { text }) {
        call.http.post(URL, { body: text, contentType: "text/plain" }).ok();
        return sdk.success("Added.", 1, { key: call.idempotencyKey });
      },
      verify(call, { text }) {
        const found = call.http.get(URL, { query: { key: call.idempotencyKey } }).json(schema.nullable(schema.string()));
        if (found === null) return sdk.didNotHappen;
        return found === text ? sdk.happened(sdk.success("Added.", 1)) : sdk.unknown(`there is \`${found}\``);
      },
    }),
    sdk.correct("remove note", {
      description: "Removes a note.",
      parameters: note,
      retry: "keyed",
      timeLimitMs: 5_000,
      run: (call, { text }) => sdk.failed(`There is no ${text} (attempt ${call.attempt}).`),
      verify(call) {
        call.http.post(URL);
        return sdk.didNotHappen;
      },
    }),
    sdk.contain("block", {
      description: "Blocks.",
      run(call) {
        if (call.resume !== null) return sdk.success(call.cancelled ? "Stopped." : "Blocked.");
        return sdk.pending({ afterMs: 1_000, token: "job 7", message: "It works on it." });
      },
    }),
    sdk.investigate("search", {
      description: "Searches.",
      reads: ["POST /notes/search", "POST /{tenant}/read"],
      output: schema.array(schema.string()),
      run(call) {
        const found = call.http.post(`${URL}/search`, { json: { all: true }, basic: ["me", "key"], timeoutMs: 5_000 });
        call.http.post("https://api.example.com/acme/read", { form: { a: "b c", d: "e&f" }, bearer: "key" }).ok();
        log.debug("Searched.");
        return sdk.success("Found.", found.ok().json());
      },
    }),
    sdk.investigate("change", {
      description: "Claims to read.",
      run(call) {
        try {
          call.http.post(URL);
        } catch {
          // A test must not be fooled by this.
        }
        return sdk.success("");
      },
    }),
    sdk.investigate("look up", {
      description: "Looks up one thing.",
      parameters: schema.object({ of: schema.string() }),
      run(call, { of }) {
        call.http.get("https://api.example.com/", { path: ["v1", of], query: { q: "x&y=z ü", none: null } }).ok();
        return sdk.success("Looked up.");
      },
    }),
    sdk.investigate("ask", {
      description: "Asks over TCP.",
      parameters: schema.object({ server: schema.string() }),
      output: schema.string(),
      run(call, { server }) {
        const stream = call.tcp.connectTo(server, 43);
        stream.startTls();
        stream.write("hello\r\n");
        const answer = stream.readToEnd(100);
        stream.close();
        return sdk.success("Asked.", String.fromCharCode(...answer));
      },
    }),
    sdk.investigate("keep", {
      description: "Keeps.",
      output: schema.nullable(schema.string()),
      run(call) {
        const before = call.state.get("cursor");
        call.state.put("cursor", "2", 60_000);
        call.state.putConfidential("token", "secret", 1_000);
        if (call.state.putConfidential("short", "x", 1_000)) throw new Error("it cannot be scrubbed");
        call.state.remove("old");
        return sdk.success("Kept.", before);
      },
    }),
    sdk.investigate("read", {
      description: "Reads a file.",
      output: schema.array(schema.integer()),
      run(call) {
        const file = call.file("list");
        return sdk.success("Read.", [file.size, ...file.read(1, 2), ...file.read(9, 1), ...random.bytes(2)]);
      },
    }),
    sdk.investigate("fail", {
      description: "Fails.",
      parameters: schema.object({ how: schema.string() }),
      run(_, { how }) {
        const failures = {
          cancelled: () => Failure.cancelled("enough"),
          denied: () => Failure.denied("no"),
          bug: () => new TypeError("a bug"),
        };
        throw failures[how]();
      },
    }),
    sdk.test({ run: () => sdk.success("It works.") }),
  ],
});

const found = (answer) => ({ http: [{ url: `${URL}?key=test-key`, answer: { json: answer } }] });

test("a report comes as the handler gave it", () => {
  const { report } = invoke(connector, "add note", { text: "x" }, { http: [{ method: "POST", url: URL, body: "x" }] });
  assert.deepEqual(report, { status: "success", message: "Added.", summary: { key: "test-key" }, data: 1 });
  const { report: no } = invoke(connector, "remove note", { text: "x" }, { attempt: 2 });
  assert.deepEqual(no, { status: "failed", message: "There is no x (attempt 2).", summary: {}, data: {} });
});

test("a job is pending, comes back, and is cancelled", () => {
  const { pending } = invoke(connector, "block", {});
  assert.deepEqual(pending, { afterMs: 1_000, token: "job 7", message: "It works on it." });
  assert.equal(invoke(connector, "block", {}, { resume: pending.token }).report.message, "Blocked.");
  assert.equal(invoke(connector, "block", {}, { resume: "job 7", cancelled: true }).report.message, "Stopped.");
});

test("a verdict comes as the handler gave it", () => {
  const verdict = (answer) => verify(connector, "add note", { text: "x" }, found(answer));
  assert.equal(verdict("x").report.data, 1);
  assert.equal(verdict(null).verdict, "did-not-happen");
  assert.equal(verdict("y").why, "there is `y`");
  assert.equal(verify(connector, "block", {}).why, "`block` has no way to find out");
  const verifies = connector.describe().actions.filter((action) => action.verifies);
  assert.deepEqual(verifies.map(({ name }) => name), ["add note", "remove note"]);
});

test("who only reads sends nothing that may change something", () => {
  const http = [
    { method: "POST", url: `${URL}/search`, json: { all: true }, basic: ["me", "key"], answer: { json: ["x"] } },
    { method: "POST", url: "https://api.example.com/acme/read", containing: ["a=b%20c", "d=e%26f"], bearer: "key" },
  ];
  const { report, log } = invoke(connector, "search", {}, { http });
  assert.deepEqual([report.data, log], [["x"], [{ level: "debug", message: "Searched." }]]);
  assert.throws(() => invoke(connector, "change", {}, { http: [{ method: "POST", url: URL }] }), /may only read/);
  assert.throws(() => verify(connector, "remove note", { text: "x" }, { http: [{ method: "POST", url: URL }] }), /only read/);
});

test("a parameter cannot leave its place in the URL", () => {
  const url = "https://api.example.com/v1/a%2F..%2Fb%3Fc%23d?q=x%26y%3Dz%20%C3%BC";
  assert.ok(invoke(connector, "look up", { of: "a/../b?c#d" }, { http: [{ url }] }).report);
  assert.equal(invoke(connector, "look up", { of: ".." }).failure.message, "`..` cannot be a part of a path");
});

test("statuses become typed failures", () => {
  const failure = (answer) => {
    const url = "https://api.example.com/v1/x?q=x%26y%3Dz%20%C3%BC";
    return invoke(connector, "look up", { of: "x" }, { http: [{ url, answer }] }).failure;
  };
  const words = ({ tag, message, httpStatus, retryAfterMs }) => [tag, message, httpStatus, retryAfterMs];
  assert.deepEqual(words(failure({ status: 403, body: "no" })), ["authentication", "no", null, null]);
  for (const body of ["", "<html>Not here</html>"]) {
    assert.deepEqual(words(failure({ status: 404, body })), ["not-found", "no reason given", null, null]);
  }
  const limited = (after) => failure({ status: 429, headers: { "Retry-After": after }, body: "slow\n down" });
  assert.deepEqual(words(limited("7")), ["rate-limited", "slow down", null, 7_000]);
  assert.equal(limited("Thu, 01 Jan 2026 00:00:09 GMT").retryAfterMs, 9_000);
  assert.equal(limited("soon").retryAfterMs, null);
  const upstream = failure({ status: 500, body: "ü".repeat(500) });
  assert.deepEqual([upstream.tag, upstream.httpStatus, [...upstream.message].length], ["upstream", 500, 301]);
});

test("why there is no response becomes a typed failure", () => {
  const failure = (tag) => {
    const http = [{ method: "POST", url: URL, body: "x", error: { tag, val: "why" } }];
    return invoke(connector, "add note", { text: "x" }, { http }).failure.sentence;
  };
  assert.equal(failure("denied"), "the policy forbids it: why");
  assert.equal(failure("invalid"), "the parameters cannot be used: why");
  for (const tag of ["unreachable", "tls", "timeout"]) assert.equal(failure(tag), "the system could not be reached: why");
  assert.equal(failure("too-large"), "the system's answer is an error: why");
});

test("an answer that is not what it should be says where", () => {
  const failure = (answer) => verify(connector, "add note", { text: "x" }, { http: [{ ...found().http[0], answer }] }).failure;
  assert.match(failure({ body: "{" }).sentence, /makes no sense: the answer is not the JSON it should be/);
  assert.match(failure({ json: 7 }).message, /the value is not of type string/);
});

test("a stream is led as the script says", () => {
  const turns = ["tls", { sends: "hello\r\n", answer: "hi" }];
  const conversation = { host: "whois.example", port: 43, turns };
  assert.equal(invoke(connector, "ask", { server: "whois.example" }, { tcp: [conversation] }).report.data, "hi");
  const other = { ...conversation, host: "[::1]", port: 4343 };
  assert.equal(invoke(connector, "ask", { server: "[::1]:4343" }, { tcp: [other] }).report.data, "hi");
  assert.equal(invoke(connector, "ask", { server: "a:b" }).failure.message, "`a:b` is no server");
  const tcp = [{ ...conversation, turns: ["tls", { sends: "bye" }] }];
  assert.throws(() => invoke(connector, "ask", { server: "whois.example" }, { tcp }), /the wrong bytes/);
  for (const tag of ["denied", "unreachable", "tls", "timeout"]) {
    const refused = { host: "whois.example", port: 43, error: { tag, val: "why" } };
    const { failure } = invoke(connector, "ask", { server: "whois.example" }, { tcp: [refused] });
    assert.equal(failure.tag, tag === "denied" ? "denied" : "unavailable");
  }
});

test("what a call keeps the next one finds", () => {
  const { report, state, log } = invoke(connector, "keep", {}, { state: { cursor: "1", old: "x" } });
  assert.equal(report.data, "1");
  assert.deepEqual(state, {
    cursor: { value: "2", timeToLiveMs: 60_000, confidential: false },
    token: { value: "secret", timeToLiveMs: 1_000, confidential: true },
  });
  assert.deepEqual(log, [{ level: "warn", message: "not kept: it is too short to be scrubbed" }]);
});

test("a file is read in pieces", () => {
  const { report } = invoke(connector, "read", {}, { files: { list: "abcd" } });
  assert.deepEqual(report.data, [4, 98, 99, 0, 1]);
  const failure = (files) => invoke(connector, "read", {}, { files }).failure.sentence;
  assert.equal(failure({}), "the policy forbids it: the asset's `list` names no file");
  assert.equal(failure({ list: null }), "the system could not be reached: the file cannot be read");
});

test("a failure passes, and a bug is told and breaks the plugin", () => {
  assert.equal(invoke(connector, "fail", { how: "denied" }).failure.tag, "denied");
  assert.equal(invoke(connector, "fail", { how: "cancelled" }).failure.sentence, "enough");
  assert.equal(invoke(connector, "nothing", {}).failure.message, "test has no action named `nothing`");
  assert.throws(() => invoke(connector, "fail", { how: "bug" }), /a bug/);
});

test("what a script has too much or too little of fails the test", () => {
  assert.throws(() => invoke(connector, "add note", { text: "x" }), /not in the script/);
  assert.throws(() => invoke(connector, "block", {}, { http: [{ url: URL }] }), /never sent/);
  assert.throws(() => invoke(connector, "add note", {}), /lacks `text`/);
  assert.throws(() => invoke(connector, "block", {}, { configuration: { x: 1 } }), /must not be there/);
});

test("what is spelled wrong is refused", () => {
  assert.throws(() => sdk.investigate("x", { timelimit: 1 }), /the action `x` has no `timelimit`/);
  assert.throws(() => sdk.connector({ name: "x", actions: [] }), /a connector needs a text `version`/);
});
