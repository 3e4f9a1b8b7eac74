// Playbook for a URL that somebody finds suspicious: a person's mail, a proxy's log.

import { Failure, log, schema } from "@palisade/sdk";
import { NotHandled, choice, playbook } from "@palisade/sdk/playbook";

const HOUR_MS = 60 * 60 * 1_000;

export const { describe, run } = playbook({
  name: "suspicious-url",
  version: "0.1.0",
  description: "Opens a suspicious URL at urlscan.io, and makes a ticket if it is malicious",
  publisher: "Palisade",
  labels: ["suspicious-url"],
  needs: [
    {
      connector: "urlscan",
      action: "lookup domain",
      parameters: schema.object({ domain: schema.string() }),
      data: schema.open({ total: schema.integer() }),
    },
    {
      connector: "urlscan",
      action: "detonate url",
      parameters: schema.object({ url: schema.string() }),
      data: schema.open({
        link: schema.nullable(schema.string()),
        malicious: schema.nullable(schema.boolean()),
        score: schema.nullable(schema.number()),
      }),
    },
    {
      connector: "servicenow",
      action: "create ticket",
      parameters: schema.object({ short_description: schema.string(), description: schema.string() }),
      data: schema.open({ number: schema.string(), link: schema.string() }),
    },
  ],
  configuration: schema.object({
    ask: schema.optional(
      schema.boolean("Ask a person before a page that has personal data in its URL is opened.", { default: true }),
    ),
  }),
  manualMinutes: 20,
  run: handle,
});

function handle(run) {
  const url = run.artifacts().text("requestURL");
  if (url === null) throw new NotHandled("The alert has no URL.");
  const domain = host(url);
  // Side by side: what is known already, and what the page does now.
  const lookup = domain === null ? null : run.start("urlscan", "lookup domain", { domain });
  if (!mayOpen(run, url)) return `Nobody wanted ${url} to be opened.`;
  const opening = run.start("urlscan", "detonate url", { url });

  const known = lookup === null ? "" : earlier(lookup);
  const { status, message, data } = opening.wait();
  run.addNote("urlscan.io", [message, known, data.link ?? ""].filter((line) => line !== "").join("\n\n"));
  if (status === "failed") return message;
  if (!data.malicious) {
    run.setSeverity("low");
    return message;
  }
  run.setSeverity("high");
  return `${message} ${ticket(run, url, message, data)}`;
}

/** What earlier scans say is nice to have: the run goes on without it. */
function earlier(lookup) {
  try {
    return lookup.wait().message;
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    log.warn(`Nothing is known from earlier scans: ${failure.sentence}`);
    return "";
  }
}

/** A URL may have somebody's address or a token in it, and whoever may see the scan sees that. */
function mayOpen(run, url) {
  if (!run.configuration().ask || !/@|%40|token=/i.test(url)) return true;
  const prompt = choice(`Open ${url} at urlscan.io? It seems to have personal data.`, ["yes", "no"], "no", { withinMs: HOUR_MS });
  return run.ask(prompt).wait().value === "yes";
}

function ticket(run, url, message, { link, score }) {
  const { data } = run
    .start("servicenow", "create ticket", {
      short_description: `Malicious URL: ${url}`.slice(0, 160),
      description: `${message}\nScore: ${score}\n${link}`,
    })
    .wait();
  run.addNote("Ticket", `${data.number}: ${data.link}`);
  return `Ticket ${data.number}.`;
}

/** The host's name in a URL, in lower case; null if it has none. There is no `URL` in QuickJS. */
function host(url) {
  const [, authority] = /^https?:\/\/(?:[^/?#]*@)?([^/?#:]+)/i.exec(url) ?? [];
  return authority?.toLowerCase() ?? null;
}
