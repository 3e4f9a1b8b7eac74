import { text } from "./strict.js";

export const IDENTITY = ["name", "version", "description", "publisher"];

/** Who wrote what, as the contract has it. */
export function identity(what, definition) {
  return Object.fromEntries(IDENTITY.map((name) => [name, text(what, definition, name)]));
}
