// A playbook that asks JavaScript for everything that may differ from run to run, and for everything of the machine.

import { clock, random } from "@palisade/sdk";
import { playbook } from "@palisade/sdk/playbook";

/** Names that other JavaScript runtimes have for what is outside of a program. */
const OUTSIDE = ["fetch", "XMLHttpRequest", "WebSocket", "process", "require", "crypto", "Deno", "Bun", "std", "os", "setTimeout"];

export const { describe, run } = playbook({
  name: "curious-js",
  version: "0.1.0",
  description: "Says what it sees",
  publisher: "Palisade",
  labels: ["curious"],
  run(run) {
    const undetermined = {
      time: Date.now(),
      zone: new Date().toString(),
      random: [Math.random(), Math.random()],
      monotonic: performance.now(),
      collected: new WeakRef({}).deref() === undefined,
      order: Object.keys({ b: 1, a: 2, 1: 3 }),
    };
    const recorded = { time: clock.now(), random: [...random.bytes(8)] };
    const machine = OUTSIDE.filter((name) => typeof globalThis[name] !== "undefined");
    run.addNote("Seen", JSON.stringify({ undetermined, recorded, machine }));
    if (run.alert().name === "break") null.x;
    return "Looked around.";
  },
});
