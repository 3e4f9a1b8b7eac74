// JSON Schemas by small functions, and whether a value satisfies one.
//
// A schema is a plain object, so whatever JSON Schema 2020-12 has can be written by hand: the host understands all of
// it but `$ref`. `mismatch` knows the words below and refuses others, so that it never takes for right what it cannot
// judge.

/** A JSON object with these properties: each must be there unless it is `optional`, and there are no others. */
export function object(properties, more = {}) {
  const required = Object.keys(properties).filter((name) => !properties[name][OPTIONAL]);
  return { type: "object", properties, ...(required.length > 0 && { required }), additionalProperties: false, ...more };
}

/** A JSON object with at least these properties: what a system answers, of which a plugin needs only this. */
export function open(properties, more = {}) {
  return object(properties, { additionalProperties: true, ...more });
}

/** Says that a property of an object may be left out. */
export function optional(schema) {
  return Object.defineProperty({ ...schema }, OPTIONAL, { value: true });
}

// It is no part of the schema, so it must not appear in its JSON.
const OPTIONAL = Symbol("optional");

export function string(description, more = {}) {
  return { type: "string", ...described(description), ...more };
}

/** A secret in the configuration of an asset. The plugin sees its placeholder only. */
export function secret(description, more = {}) {
  return string(description, { writeOnly: true, ...more });
}

export function integer(description, more = {}) {
  return { type: "integer", ...described(description), ...more };
}

export function number(description, more = {}) {
  return { type: "number", ...described(description), ...more };
}

export function boolean(description, more = {}) {
  return { type: "boolean", ...described(description), ...more };
}

export function array(items, description, more = {}) {
  return { type: "array", items, ...described(description), ...more };
}

/** One of these texts. */
export function oneOf(values, description, more = {}) {
  return string(description, { enum: values, ...more });
}

/** What satisfies the schema, or null. */
export function nullable(schema) {
  // So that its description stays where pages look for it.
  if (typeof schema.type === "string" && schema.enum === undefined) return { ...schema, type: [schema.type, "null"] };
  return { anyOf: [schema, { type: "null" }] };
}

function described(description) {
  return description === undefined ? {} : { description };
}

/** Where and why a value does not satisfy a schema, in words; null if it does. */
export function mismatch(schema, value, at = "") {
  const place = at || "the value";
  if (schema === true) return null;
  if (schema === false) return `${place} must not be there`;
  for (const word of Object.keys(schema)) {
    if (ANNOTATIONS.has(word)) continue;
    const check = CHECKS[word];
    if (check === undefined) throw new TypeError(`the word \`${word}\` of JSON Schema cannot be checked here`);
    const reason = check(value, schema[word], { at, place, schema });
    if (reason) return reason;
  }
  return null;
}

const ANNOTATIONS = new Set("title description default examples deprecated readOnly writeOnly format".split(" "));

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

const first = (reasons) => reasons.find((reason) => reason !== null) ?? null;

/** A check of values for which `applies`: they must be `right`, else `words` follow the place. */
const simple = (applies, right, words) => (value, wanted, { place }) =>
  !applies(value) || right(value, wanted) ? null : `${place} ${words(wanted)}`;

const always = () => true;
const { array: isArray, string: isString, number: isNumber } = TYPES;

const CHECKS = {
  type: simple(
    always,
    (value, types) => [types].flat().some((type) => TYPES[type](value)),
    (types) => `is not of type ${[types].flat().join(" or ")}`,
  ),
  enum: simple(
    always,
    (value, values) => values.some((it) => same(it, value)),
    (values) => `is none of ${JSON.stringify(values)}`,
  ),
  const: simple(always, same, (wanted) => `is not ${JSON.stringify(wanted)}`),
  minimum: simple(isNumber, (value, least) => value >= least, (least) => `is below ${least}`),
  maximum: simple(isNumber, (value, most) => value <= most, (most) => `is above ${most}`),
  minLength: simple(isString, (value, least) => [...value].length >= least, () => "is too short"),
  maxLength: simple(isString, (value, most) => [...value].length <= most, () => "is too long"),
  pattern: simple(isString, (value, it) => new RegExp(it, "u").test(value), (it) => `does not match ${it}`),
  minItems: simple(isArray, (value, least) => value.length >= least, () => "has too few items"),
  maxItems: simple(isArray, (value, most) => value.length <= most, () => "has too many items"),
  required(value, names, { place }) {
    const missing = isObject(value) && names.find((name) => !Object.hasOwn(value, name));
    return missing ? `${place} lacks \`${missing}\`` : null;
  },
  properties(value, schemas, { at }) {
    if (!isObject(value)) return null;
    const there = Object.keys(schemas).filter((name) => Object.hasOwn(value, name));
    return first(there.map((name) => mismatch(schemas[name], value[name], `${at}/${name}`)));
  },
  additionalProperties(value, others, { at, schema: { properties = {} } }) {
    if (!isObject(value)) return null;
    const more = Object.keys(value).filter((name) => !Object.hasOwn(properties, name));
    return first(more.map((name) => mismatch(others, value[name], `${at}/${name}`)));
  },
  items(value, schema, { at }) {
    return isArray(value) ? first(value.map((item, place) => mismatch(schema, item, `${at}/${place}`))) : null;
  },
  anyOf(value, schemas, { at }) {
    const reasons = schemas.map((schema) => mismatch(schema, value, at));
    return reasons.includes(null) ? null : reasons[0];
  },
};

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
