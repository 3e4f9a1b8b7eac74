// What is known from earlier scans.

import { schema } from "@palisade/sdk";
import { success } from "@palisade/sdk/connector";

import { get, uuid, words } from "./api.js";

/** Scans that one look-up returns. */
const SCANS_MAX = 10;

export const scans = schema.object({
  total: schema.integer("How many scans there are."),
  scans: schema.array(
    schema.object({
      uuid: schema.string("Number of the scan."),
      time: schema.nullable(schema.string("When it was.")),
      url: schema.nullable(schema.string("URL of the page, after all redirects.")),
      ip: schema.nullable(schema.string("Address of its server.")),
      country: schema.nullable(schema.string("Where that is.")),
    }),
    "The newest of them.",
  ),
});

/** What the API answers, as far as it matters here. Any property but `_id` may be missing, its authors say. */
const found = schema.open({
  total: schema.integer(),
  results: schema.array(schema.open({ _id: uuid })),
});

export function lookUp(call, { domain }) {
  const { total, results } = search(call, `domain:${quoted(domain)}`, SCANS_MAX);
  const known = results.map(({ _id, task, page }) => ({
    uuid: _id,
    time: task?.time ?? null,
    url: page?.url ?? null,
    ip: page?.ip ?? null,
    country: page?.country ?? null,
  }));
  const message = total === 0 ? `Nobody has scanned ${domain}.` : `${domain} was scanned ${total} times.`;
  return success(message, { total, scans: known }, { total });
}

/** Scans that fit, newest first. */
export function search(call, query, size) {
  return get(call, "/api/v1/search/", { q: query, size }).ok(words).json(found);
}

/** A text within a query of the search, which is Elasticsearch's. */
export function quoted(text) {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
