// Connector for the vendor's API: what is known of an address.

import { schema } from "@palisade/sdk";
import { connector, investigate, success, test } from "@palisade/sdk/connector";

/** What the vendor answers, and what the action returns as its data. */
const reputation = {
  score: schema.integer("From 0, good, to 100, bad.", { minimum: 0, maximum: 100 }),
  categories: schema.array(schema.string(), "What it is known for."),
};

/** What the vendor says of itself. It may answer more than that one day: `open`. */
const status = schema.open({ version: schema.string() });

/** What the operator is shown before installing it, and what the host then enforces. */
export const { describe, invoke, verify } = connector({
  name: "{{name}}",
  version: "0.1.0",
  description: "Looks up what the vendor knows of an address.",
  publisher: "Your company",
  vendor: "The vendor",
  product: "The vendor's product",
  // What an asset needs. The texts are what the operator reads beside each field.
  configuration: schema.object({
    url: schema.string("URL of the vendor's API."),
    // It is asked for and sealed; this code only ever sees a placeholder.
    api_key: schema.secret("API key of the account."),
  }),
  http: [
    {
      host: { configured: "url" },
      methods: ["GET"],
      secrets: [{ field: "api_key", in: "header", name: "x-api-key" }],
      reason: "The vendor's API answers all look-ups.",
    },
  ],
  actions: [
    test({ run: testConnectivity }),
    investigate("ip reputation", {
      description: "Says how bad an address is, and what it is known for.",
      parameters: schema.object({ ip: schema.string("IPv4 or IPv6 address.") }),
      output: schema.object(reputation),
      run: ipReputation,
    }),
  ],
});

function testConnectivity(call) {
  // That something answers is not enough: a proxy's page for browsers would do.
  const { version } = get(call, "status.json").json(status);
  return success(`The API answers, version ${version}.`);
}

function ipReputation(call, { ip }) {
  const { score, categories } = get(call, `${ip}.json`).json(schema.open(reputation));
  const known = categories.length === 0 ? "" : `: ${categories.join(", ")}`;
  return success(`${ip} has a score of ${score}${known}.`, { score, categories }, { score });
}

/** Asks for one thing. `ok` turns 401, 404, 429 and the rest into failures that the host knows what to do about. */
function get(call, what) {
  const { url, api_key: key } = call.configuration;
  return call.http.get(url, { path: ["v1", what], headers: { "x-api-key": key } }).ok();
}
