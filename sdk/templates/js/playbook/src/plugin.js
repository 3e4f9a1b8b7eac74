// Playbook: notes what is known of the address that an alert is about, and raises the alert's severity if it is bad.

import { schema } from "@palisade/sdk";
import { NotHandled, playbook } from "@palisade/sdk/playbook";

/** From this score on, an address is bad. */
const BAD_SCORE = 75;

/** What the operator is shown before installing it, and what the host then enforces. */
export const { describe, run } = playbook({
  name: "{{name}}",
  version: "0.1.0",
  description: "Notes the reputation of the address that an alert is about.",
  publisher: "Your company",
  // Alerts with this label start it.
  labels: ["network"],
  // It can start these actions and no others, and the host checks that they fit before the playbook is enabled.
  needs: [
    {
      connector: "example-intel",
      action: "ip reputation",
      parameters: schema.object({ ip: schema.string() }),
      data: schema.open({ score: schema.integer() }),
    },
  ],
  manualMinutes: 5,
  run: handle,
});

/**
 * Handles one alert. It is written as if nothing ever went wrong: the host records each call, and leads a fresh instance to
 * the same place after a crash. It returns one sentence on how it ended.
 */
function handle(run) {
  const ip = run.artifacts().ip("sourceAddress");
  if (ip === null) throw new NotHandled("The alert has no source address.");
  const { message, data } = run.start("example-intel", "ip reputation", { ip }).wait();
  run.addNote("Reputation", message);
  if (data.score >= BAD_SCORE) {
    run.setSeverity("high");
    return `${ip} is bad: the alert is of high severity.`;
  }
  return `Noted the reputation of ${ip}.`;
}
