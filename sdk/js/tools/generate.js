// Writes what follows from the contract: its types for TypeScript, the table that `testing` holds calls against, and the
// contract as the compiler takes it.
//
//     node tools/generate.js           writes the files
//     node tools/generate.js --check   fails if one is not as it would be written

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { readContract } from "./wit.js";

const root = new URL("..", import.meta.url);
const wit = new URL("../../wit/", root);
const contract = readContract(fileURLToPath(wit));
const origin = `// Written by tools/generate.js from ${contract.name}@${contract.version}.\n`;

/** A type in a world, with its docs. */
const TYPE = /(?:^    \/\/\/.*\n)*^    (?:record|variant|enum) [\w-]+ \{\n[^]*?^    \}\n\n?/gm;

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
const pascal = (name) => camel(`-${name}`);

const files = { "src/contract.d.ts": types(), "src/testing/contract.js": table(), ...forCompiler() };
mkdirSync(new URL("wit", root), { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const path = new URL(name, root);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`${name} is not what follows from the contract: run \`node tools/generate.js\``);
    process.exitCode = 1;
  }
}

/**
 * The contract, with the types of a world in an interface beside it. componentize-qjs 0.4.5 makes an invalid component when
 * a type of a world refers to another one. A component's types go by their structure, so it is the same contract.
 */
function forCompiler() {
  const names = readdirSync(wit).filter((name) => name.endsWith(".wit"));
  return Object.fromEntries(names.map((name) => [`wit/${name}`, withoutWorldTypes(readFileSync(new URL(name, wit), "utf8")) + `\n${origin}`]));
}

function withoutWorldTypes(text) {
  return text.replace(/^world ([\w-]+) \{\n[^]*?^\}\n/gm, (world, name) => {
    const types = world.match(TYPE) ?? [];
    if (types.length === 0) return world;
    const own = `${name}-types`;
    const uses = world.match(/^    use .*\n/gm).join("");
    const moved = types.map((type) => /(?:record|variant|enum) ([\w-]+) \{/.exec(type)[1]).join(", ");
    const rest = world.replace(TYPE, "").replace(uses, `${uses}    use ${own}.{${moved}};\n`);
    return `${rest}\ninterface ${own} {\n${uses}\n${types.join("").trimEnd()}\n}\n`;
  });
}

function types() {
  const namespaces = Object.values(contract.interfaces).map(({ name, docs, types, functions }) => {
    const inside = [
      ...Object.entries(types).map(([type, it]) => comment(it.docs) + declaration(type, it)),
      ...Object.entries(functions).map(([type, it]) => comment(it.docs) + signature(`function ${camel(type)}`, it)),
    ];
    return `${comment(docs)}export namespace ${camel(name)} {\n${indent(inside.join("\n\n"))}\n}\n`;
  });
  return `${origin}\n${namespaces.join("\n")}`;
}

function declaration(name, { record, variant, enum: cases, alias, resource }) {
  if (alias) return `type ${pascal(name)} = ${reference(alias)};`;
  if (cases) return `type ${pascal(name)} =${lines(cases, ([it]) => `| ${JSON.stringify(it)}`)};`;
  if (variant) {
    const payload = ({ type }) => (type === null ? "" : `; val: ${reference(type)}`);
    return `type ${pascal(name)} =${lines(variant, ([it, inner]) => `| { tag: ${JSON.stringify(it)}${payload(inner)} }`)};`;
  }
  if (resource) return `interface ${pascal(name)} {${lines(resource, ([it, inner]) => signature(camel(it), inner))}\n}`;
  return `interface ${pascal(name)} {${lines(record, ([it, { type }]) => `${camel(it)}: ${reference(type)};`)}\n}`;
}

function lines(members, line) {
  return Object.entries(members)
    .map((member) => `\n${indent(comment(member[1].docs) + line(member))}`)
    .join("");
}

function signature(name, { parameters, result }) {
  const taken = parameters.map(({ name, type }) => `${camel(name)}: ${reference(type)}`).join(", ");
  const given = result?.result ? result.result[0] : result;
  return `${name}(${taken}): ${given === null ? "void" : reference(given)};`;
}

function reference(type) {
  if (typeof type !== "string") {
    if (type.list) return type.list === "u8" ? "Uint8Array" : `${reference(type.list)}[]`;
    if (type.option) return `${reference(type.option)} | null`;
    return `[${type.tuple.map(reference).join(", ")}]`;
  }
  if (type === "string") return "string";
  if (type === "bool") return "boolean";
  const [namespace, name] = type.split(".");
  return name === undefined ? "number" : `${camel(namespace)}.${pascal(name)}`;
}

function comment(docs) {
  if (!docs.includes("\n")) return docs && `/** ${docs} */\n`;
  return `/**\n${docs.replace(/^/gm, " * ").replace(/ +$/gm, "")}\n */\n`;
}

function indent(text) {
  return text.replace(/^(?=.)/gm, "  ");
}

function table() {
  const typesOf = (members) => Object.fromEntries(Object.entries(members).map(([name, { type }]) => [name, type]));
  const functionsOf = (members) =>
    Object.fromEntries(
      Object.entries(members).map(([name, { parameters, result }]) => [
        camel(name),
        { parameters: parameters.map(({ type }) => type), result },
      ]),
    );
  const types = {};
  const functions = {};
  for (const { name, types: declared, functions: named } of Object.values(contract.interfaces)) {
    for (const [type, { record, variant, enum: cases, alias, resource }] of Object.entries(declared)) {
      const fields = record && Object.fromEntries(Object.entries(typesOf(record)).map(([it, of]) => [camel(it), of]));
      types[`${name}.${type}`] =
        (alias && { alias }) ||
        (record && { record: fields }) ||
        (variant && { variant: typesOf(variant) }) ||
        (cases && { enum: Object.keys(cases) }) || { resource: functionsOf(resource) };
    }
    if (Object.keys(named).length > 0) functions[name] = functionsOf(named);
  }
  const value = (of) => JSON.stringify(of);
  const entries = (of) => Object.entries(of).map(([name, it]) => `  ${value(name)}: ${value(it)},\n`).join("");
  return `${origin}
/** Every type, by interface and name. */
export const types = {
${entries(types)}};

/** Every function, by interface and name. A world's are its exports. */
export const functions = {
${entries(functions)}};
`;
}
