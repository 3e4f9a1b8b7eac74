// Reads the contract: as much of WIT as its files use, and an error for everything else.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * What the WIT files of a directory say.
 *
 * A package is `{ name, version, interfaces }`. An interface is `{ docs, types, functions }`, and a world is one too: its
 * functions are its exports. A type is `{ docs, record | variant | enum | alias | resource }`, where a record has
 * `{ docs, type }` by field and a variant by case. A reference to a type is the name of a primitive,
 * `"interface.type"`, or `{ list | option | tuple | result }`.
 */
export function readContract(directory) {
  const files = readdirSync(directory).filter((file) => file.endsWith(".wit")).sort();
  const contract = { name: null, version: null, interfaces: {} };
  for (const file of files) {
    const parser = new Parser(readFileSync(join(directory, file), "utf8"), file);
    Object.assign(contract.interfaces, parser.file(contract));
  }
  return resolve(contract);
}

const PRIMITIVES = new Set(["bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "string"]);

class Parser {
  #tokens;
  #at = 0;
  #file;

  constructor(text, file) {
    this.#file = file;
    // Doc comments are tokens, so that they stay with what follows them; other comments are not.
    this.#tokens = [...text.matchAll(/\/\/\/ ?([^\n]*)|\/\/[^\n]*|->|%?[a-z][\w-]*|[\d.]+|[^\s]/g)]
      .filter(([token]) => token.startsWith("///") || !token.startsWith("//"))
      .map(([token, docs]) => (token.startsWith("///") ? { docs } : { token }));
  }

  #docs() {
    const lines = [];
    while (this.#tokens[this.#at]?.docs !== undefined) lines.push(this.#tokens[this.#at++].docs);
    return lines.join("\n");
  }

  #peek() {
    return this.#tokens[this.#at]?.token;
  }

  #take(expected) {
    const { token } = this.#tokens[this.#at++] ?? {};
    if (token === undefined || (expected !== undefined && token !== expected)) {
      throw new Error(`${this.#file}: found \`${token}\` where ${expected ? `\`${expected}\`` : "a word"} should be`);
    }
    return token;
  }

  #name() {
    return this.#take().replace(/^%/, "");
  }

  #maybe(token) {
    if (this.#peek() !== token) return false;
    this.#at += 1;
    return true;
  }

  /** Everything up to `end`, each with its docs. */
  #members(end, member) {
    const members = [];
    for (let docs = this.#docs(); !this.#maybe(end); docs = this.#docs()) {
      members.push(member(docs));
      this.#maybe(",");
    }
    return members;
  }

  file(contract) {
    this.#take("package");
    contract.name = [this.#take(), this.#take(":"), this.#take()].join("");
    this.#take("@");
    contract.version = this.#take();
    this.#take(";");
    const interfaces = {};
    while (this.#at < this.#tokens.length) {
      const docs = this.#docs();
      const kind = this.#take();
      if (kind !== "interface" && kind !== "world") throw new Error(`${this.#file}: \`${kind}\` is not known here`);
      const name = this.#name();
      interfaces[name] = { docs, kind, ...this.#body(name) };
    }
    return interfaces;
  }

  #body(name) {
    const [types, functions, uses, imports] = [{}, {}, {}, []];
    this.#take("{");
    this.#members("}", (docs) => {
      const keyword = this.#name();
      if (keyword === "use") this.#use(uses);
      else if (keyword === "import") imports.push(this.#statement());
      else if (keyword === "export") functions[this.#name()] = { docs, ...this.#function() };
      else if (this.#peek() === ":") functions[keyword] = { docs, ...this.#function() };
      else types[this.#name()] = { docs, ...this.#type(keyword) };
    });
    return { name, types, functions, uses, imports };
  }

  #statement() {
    const name = this.#name();
    this.#take(";");
    return name;
  }

  #use(uses) {
    const from = this.#name();
    this.#take(".");
    this.#take("{");
    this.#members("}", () => {
      const name = this.#name();
      uses[this.#maybe("as") ? this.#name() : name] = `${from}.${name}`;
    });
    this.#take(";");
  }

  #type(keyword) {
    if (keyword === "type") {
      this.#take("=");
      const alias = this.#reference();
      this.#take(";");
      return { alias };
    }
    this.#take("{");
    switch (keyword) {
      case "record":
        return { record: this.#fields() };
      case "enum":
        return { enum: Object.fromEntries(this.#members("}", (docs) => [this.#name(), { docs }])) };
      case "variant":
        return { variant: Object.fromEntries(this.#members("}", (docs) => [this.#name(), { docs, type: this.#payload() }])) };
      case "resource":
        return {
          resource: Object.fromEntries(this.#members("}", (docs) => [this.#name(), { docs, ...this.#function() }])),
        };
      default:
        throw new Error(`${this.#file}: \`${keyword}\` is not known here`);
    }
  }

  #fields() {
    return Object.fromEntries(
      this.#members("}", (docs) => {
        const name = this.#name();
        this.#take(":");
        return [name, { docs, type: this.#reference() }];
      }),
    );
  }

  #payload() {
    if (!this.#maybe("(")) return null;
    const type = this.#reference();
    this.#take(")");
    return type;
  }

  #function() {
    this.#take(":");
    this.#take("func");
    this.#take("(");
    const parameters = this.#members(")", () => {
      const name = this.#name();
      this.#take(":");
      return { name, type: this.#reference() };
    });
    const result = this.#maybe("->") ? this.#reference() : null;
    this.#take(";");
    return { parameters, result };
  }

  #reference() {
    const name = this.#name();
    if (!this.#maybe("<")) return name === "result" ? { result: [null, null] } : name;
    const parts = this.#members(">", () => (this.#maybe("_") ? null : this.#reference()));
    if (name === "tuple") return { tuple: parts };
    if (name === "result") return { result: [parts[0] ?? null, parts[1] ?? null] };
    if (name === "list" || name === "option") return { [name]: parts[0] };
    throw new Error(`${this.#file}: \`${name}<…>\` is not known`);
  }
}

/** Names every type by its interface. */
function resolve(contract) {
  for (const { name, types, functions, uses } of Object.values(contract.interfaces)) {
    const qualify = (reference) => {
      if (reference === null) return null;
      if (typeof reference === "string") {
        if (PRIMITIVES.has(reference)) return reference;
        if (reference in uses) return uses[reference];
        if (reference in types) return `${name}.${reference}`;
        throw new Error(`${name}: the type \`${reference}\` is not there`);
      }
      const [[kind, inner]] = Object.entries(reference);
      return { [kind]: Array.isArray(inner) ? inner.map(qualify) : qualify(inner) };
    };
    const signature = (it) => {
      it.parameters.forEach((parameter) => (parameter.type = qualify(parameter.type)));
      it.result = qualify(it.result);
    };
    for (const type of Object.values(types)) {
      if (type.alias) type.alias = qualify(type.alias);
      Object.values(type.record ?? type.variant ?? {}).forEach((it) => (it.type = qualify(it.type)));
      Object.values(type.resource ?? {}).forEach(signature);
    }
    Object.values(functions).forEach(signature);
  }
  return contract;
}
