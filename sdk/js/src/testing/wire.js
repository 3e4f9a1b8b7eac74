// What the component's bindings would refuse is refused in tests as well, with a better reason.

import { functions, types } from "./contract.js";

/** Every item of the contract that a call has used so far: the SDK's own test holds it against all there are. */
export const used = new Set();

/** All items that can be used: functions, fields and cases. */
export function items() {
  const all = [];
  for (const [name, members] of Object.entries(functions)) all.push(...Object.keys(members).map((it) => `${name}.${it}`));
  for (const [name, type] of Object.entries(types)) {
    const members = type.enum ?? Object.keys(type.record ?? type.variant ?? type.resource ?? {});
    all.push(...members.map((it) => `${name}.${it}`));
  }
  return all;
}

/** Notes that an export of a plugin was called. */
export function entered(world, name) {
  used.add(`${world}.${name}`);
}

/** Why these arguments do not fit the function; null if they do. */
export function badArguments(name, { parameters }, given) {
  used.add(name);
  if (given.length !== parameters.length) return `takes ${parameters.length} arguments, and got ${given.length}`;
  return first(parameters.map((type, place) => mismatch(type, given[place], `argument ${place + 1}`)));
}

/** Why a value does not fit the type; null if it does. */
export function mismatch(type, value, at = "the value") {
  if (type === null) return null;
  if (typeof type === "string") return types[type] ? named(type, value, at) : primitive(type, value, at);
  if (type.option) return value === null ? null : mismatch(type.option, value, at);
  if (type.list) return list(type.list, value, at);
  return tuple(type.tuple, value, at);
}

function named(name, value, at) {
  const { alias, record, variant, enum: cases } = types[name];
  if (alias) return mismatch(alias, value, at);
  if (record) return fields(name, record, value, at);
  if (cases) return cases.includes(value) ? use(`${name}.${value}`) : `${at} is no ${name}: ${show(value)}`;
  if (!variant) return null;
  if (!Object.hasOwn(variant, value?.tag)) return `${at} is no ${name}: ${show(value)}`;
  use(`${name}.${value.tag}`);
  const payload = variant[value.tag];
  if (payload !== null) return mismatch(payload, value.val, `${at}.${value.tag}`);
  return value.val === undefined ? null : `${at}.${value.tag} has no value`;
}

function fields(name, record, value, at) {
  if (typeof value !== "object" || value === null) return `${at} is no ${name}: ${show(value)}`;
  const more = Object.keys(value).find((field) => !Object.hasOwn(record, field));
  if (more !== undefined) return `${at} has a field \`${more}\`, which no ${name} has`;
  return first(
    Object.entries(record).map(([field, type]) => {
      if (value[field] !== null) use(`${name}.${field}`);
      return mismatch(type, value[field], `${at}.${field}`);
    }),
  );
}

const RANGES = {
  u8: [0, 255],
  u16: [0, 65_535],
  u32: [0, 4_294_967_295],
  // Numbers beyond are not exact in JavaScript.
  u64: [0, Number.MAX_SAFE_INTEGER],
  s64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

function primitive(type, value, at) {
  const [least, most] = RANGES[type] ?? [];
  const fits =
    least === undefined
      ? typeof value === (type === "bool" ? "boolean" : type)
      : Number.isSafeInteger(value) && value >= least && value <= most;
  return fits ? null : `${at} is no ${type}: ${show(value)}`;
}

function list(type, value, at) {
  if (type === "u8" && value instanceof Uint8Array) return null;
  if (!Array.isArray(value)) return `${at} is no list: ${show(value)}`;
  return first(value.map((item, place) => mismatch(type, item, `${at}[${place}]`)));
}

function tuple(parts, value, at) {
  if (!Array.isArray(value) || value.length !== parts.length) return `${at} has not ${parts.length} parts: ${show(value)}`;
  return first(parts.map((type, place) => mismatch(type, value[place], `${at}[${place}]`)));
}

function use(item) {
  used.add(item);
  return null;
}

function first(reasons) {
  return reasons.find((reason) => reason !== null) ?? null;
}

function show(value) {
  return JSON.stringify(value) ?? String(value);
}
