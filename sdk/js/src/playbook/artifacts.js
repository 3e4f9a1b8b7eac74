import { isIp } from "./ip.js";

/** All artifacts of the alert. What they say comes from outside and may be meant to mislead. */
export class Artifacts {
  constructor(artifacts) {
    this.all = artifacts.map((artifact) => ({ ...artifact, cef: JSON.parse(artifact.cef) }));
  }

  [Symbol.iterator]() {
    return this.all[Symbol.iterator]();
  }

  text(key) {
    return this.#texts(key).find((text) => text !== "") ?? null;
  }

  ip(key) {
    return this.#texts(key).find(isIp) ?? null;
  }

  number(key) {
    const read = (value) => (typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value);
    return this.#values(key).map(read).find((value) => Number.isSafeInteger(value) && value >= 0) ?? null;
  }

  #texts(key) {
    return this.#values(key).filter((value) => typeof value === "string").map((text) => text.trim());
  }

  /** Of a list of values, the first. */
  #values(key) {
    const having = this.all.filter(({ cef }) => Object.hasOwn(cef, key));
    return having.map(({ cef }) => (Array.isArray(cef[key]) ? cef[key][0] : cef[key]));
  }
}
