// Opening a page takes urlscan.io a while: the action is pending until the result is there.

import { Failure, clock, schema } from "@palisade/sdk";
import { failed, happened, pending, success, unknown } from "@palisade/sdk/connector";

import { post, result, uuid, words } from "./api.js";
import { quoted, search } from "./search.js";

/** How long a scan may take. A page is open for some seconds; the rest is the queue. */
const PATIENCE_MS = 10 * 60 * 1_000;

export const detonation = schema.object({
  uuid: schema.nullable(schema.string("Number of the scan.")),
  link: schema.nullable(schema.string("Where a person reads it.")),
  malicious: schema.nullable(schema.boolean("Whether urlscan.io takes the page for malicious.")),
  score: schema.nullable(schema.number("From -100, harmless, to 100, malicious.")),
  brands: schema.array(schema.string(), "Brands that the page imitates."),
  url: schema.nullable(schema.string("URL of the page, after all redirects.")),
  ip: schema.nullable(schema.string("Address of its server.")),
});

const nothing = { uuid: null, link: null, malicious: null, score: null, brands: [], url: null, ip: null };

const submitted = schema.open({ uuid });

/** Of the result only what must be there; any other property may be missing, its authors say. */
const finished = schema.open({ task: schema.open({ uuid }) });

export function detonate(call, { url }) {
  if (call.resume === null) return submit(call, url);
  const [uuid, untilMs] = call.resume.split(" ");
  if (call.cancelled) return failed(`The scan cannot be stopped: ${link(uuid)}`, { ...nothing, uuid, link: link(uuid) });
  return look(call, url, uuid, Number(untilMs));
}

/** Hands the URL over, with a tag by which `verifyDetonation` finds the scan again. */
function submit(call, url) {
  const { visibility = "unlisted" } = call.configuration;
  const response = post(call, "/api/v1/scan/", { url, visibility, tags: [tag(call)] });
  if (response.status === 400) {
    return failed(`urlscan.io does not open ${url}: ${words(response) ?? "no reason given"}`, nothing);
  }
  const { uuid } = response.ok(words).json(submitted);
  return later(call, uuid, clock.now() + PATIENCE_MS);
}

/** Until the scan is finished its result is not found. */
function look(call, url, uuid, untilMs) {
  const response = result(call, uuid);
  if (response.status !== 404) return report(url, response.ok(words).json(finished));
  if (clock.now() < untilMs) return later(call, uuid, untilMs);
  throw Failure.unavailable(`urlscan.io has not finished the scan ${uuid} in time`);
}

function later(call, uuid, untilMs) {
  const { poll_seconds: seconds = 10 } = call.configuration;
  return pending({ afterMs: seconds * 1_000, token: `${uuid} ${untilMs}`, message: `urlscan.io opens the page: ${link(uuid)}` });
}

function report(url, { task: { uuid }, page, verdicts }) {
  const { malicious = null, score = null, brands = [] } = verdicts?.overall ?? {};
  const data = {
    uuid,
    link: link(uuid),
    malicious,
    score,
    brands: brands.map((brand) => brand?.name ?? String(brand)),
    url: page?.url ?? null,
    ip: page?.ip ?? null,
  };
  const verdict = malicious ? `malicious${data.brands.length > 0 ? `: it imitates ${data.brands.join(", ")}` : ""}` : "not known to be malicious";
  return success(`${url} is ${verdict}.`, data, { malicious, score });
}

/** The search knows a scan only when it is finished, so one that it does not know may still be under way. */
export function verifyDetonation(call, { url }) {
  const { results } = search(call, `task.tags:${quoted(tag(call))}`, 1);
  if (results.length === 0) return unknown("urlscan.io lists scans only when they are finished");
  return happened(report(url, result(call, results[0]._id).ok(words).json(finished)));
}

function tag(call) {
  return `palisade-${call.idempotencyKey}`;
}

function link(uuid) {
  return `https://urlscan.io/result/${uuid}/`;
}
