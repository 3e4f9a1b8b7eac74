/** Refuses what a definition does not have, such as a word that is spelled wrong: JavaScript would ignore it. */
export function onlyKnown(what, given, known) {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${what} has no \`${unknown}\`; it has ${known.map((name) => `\`${name}\``).join(", ")}`);
  }
  return given;
}

/** The text under this name, which must be there. */
export function text(what, given, name) {
  if (typeof given[name] !== "string") throw new TypeError(`${what} needs a text \`${name}\``);
  return given[name];
}
