// Connector for urlscan.io, which opens a web page in a browser of its own and tells what that did.
//
// Source: https://docs.urlscan.io, its pages on the API, on rate limits and on error codes.

import { schema } from "@palisade/sdk";
import { connector, generic, investigate, success, test } from "@palisade/sdk/connector";

import { get, words } from "./api.js";
import { detonate, detonation, verifyDetonation } from "./detonation.js";
import { lookUp, scans } from "./search.js";

export const { describe, invoke, verify } = connector({
  name: "urlscan",
  version: "0.1.0",
  description: "Opens web pages at urlscan.io and tells what they are",
  publisher: "Palisade",
  vendor: "urlscan",
  product: "urlscan.io",
  configuration: schema.object({
    api_key: schema.secret("API key of the account."),
    visibility: schema.optional(
      schema.oneOf(["public", "unlisted", "private"], "Who may see the scans.", { default: "unlisted" }),
    ),
    poll_seconds: schema.optional(
      schema.integer("How long to wait between two looks at a scan.", { minimum: 1, maximum: 300, default: 10 }),
    ),
  }),
  http: [
    {
      host: "urlscan.io",
      methods: ["GET", "POST"],
      secrets: [{ field: "api_key", in: "header", name: "api-key" }],
      reason: "The API takes URLs to open, and answers what was found.",
    },
  ],
  actions: [
    test({
      run(call) {
        get(call, "/api/v1/quotas").ok(words).json(schema.open({ limits: schema.open({}) }));
        return success("urlscan.io accepts the API key.");
      },
    }),
    investigate("lookup domain", {
      description: "Finds what is known of a domain from scans of its pages.",
      parameters: schema.object({ domain: schema.string("Name of the domain.", { minLength: 1 }) }),
      output: scans,
      run: lookUp,
    }),
    generic("detonate url", {
      description: "Has urlscan.io open a web page, and tells whether it is malicious. The page's server sees the visit.",
      parameters: schema.object({ url: schema.string("URL of the page.", { minLength: 1 }) }),
      output: detonation,
      run: detonate,
      verify: verifyDetonation,
    }),
  ],
});
