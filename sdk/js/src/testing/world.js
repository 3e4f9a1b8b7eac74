// The other side of every import while a test runs: one plugin at a time.

import { AssertionError } from "node:assert";

import { functions, types } from "./contract.js";
import { badArguments, mismatch } from "./wire.js";

/** When every test begins, 2026-01-01T00:00:00Z. */
export const START_MS = 1_767_225_600_000;

let world = null;

/** What is scripted, and what has happened. */
export function current() {
  if (world === null) throw new Error("under Node.js a plugin runs within a test: see `@palisade/sdk/testing`");
  return world;
}

/** Runs `act` in this world. What departed from the script fails the test, also if the plugin caught the error. */
export function within(scripted, act) {
  const outer = world;
  world = { log: [], waitedMs: 0, departures: [], ...scripted };
  try {
    const result = act();
    const [departure] = world.departures;
    if (departure) throw departure;
    return { result, world };
  } catch (error) {
    throw world.departures[0] ?? error;
  } finally {
    world = outer;
  }
}

/** Fails the test. */
export function depart(message) {
  const departure = new AssertionError({ message, stackStartFn: depart });
  world?.departures.push(departure);
  throw departure;
}

/** Fails the test unless nothing of a script is left. */
export function allUsed(what, rest) {
  if (rest.length > 0) throw new AssertionError({ message: `${what}: ${JSON.stringify(rest)}`, stackStartFn: allUsed });
}

/** The error of a host's function, which the plugin gets as the component would. */
export class Refusal {
  constructor(payload) {
    this.payload = payload;
  }
}

/** The functions of an interface, played by `parts`; each call is checked against the contract. */
export function play(name, parts) {
  return Object.freeze(checked(name, functions[name], parts));
}

/** The methods of a resource, likewise. */
export function playResource(name, parts) {
  return checked(name, types[name].resource, parts);
}

function checked(name, signatures, parts) {
  const call = (part, signature) => {
    const full = `${name}.${part}`;
    if (!Object.hasOwn(parts, part)) throw new Error(`\`testing\` does not play ${full}`);
    return (...given) => {
      const bad = badArguments(full, signature, given);
      if (bad) depart(`${full} ${bad}`);
      return answer(full, signature.result, () => parts[part](...given));
    };
  };
  return Object.fromEntries(Object.entries(signatures).map(([part, signature]) => [part, call(part, signature)]));
}

function answer(full, type, act) {
  const [right, wrong] = type?.result ?? [type, null];
  const fitting = (of, value) => {
    const bad = of && mismatch(of, value, "the scripted answer");
    if (bad) depart(`${full}: ${bad}`);
    return value;
  };
  try {
    return fitting(right, act());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const payload = fitting(wrong, error.payload);
    // As the component's runtime has it.
    if (typeof payload === "string") throw new Error(payload);
    throw Object.assign(new Error("[object Object] (see error.payload)"), { payload });
  }
}
