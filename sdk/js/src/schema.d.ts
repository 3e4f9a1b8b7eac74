/** A JSON Schema (2020-12) of values that are `T` in TypeScript. A schema that is written by hand is `Schema<any>`. */
export interface Schema<T = any> {
  readonly [word: string]: unknown;
  /** There is no such property; it carries the type. */
  readonly " of"?: T;
}

/** What satisfies a schema. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

interface Optional<T> extends Schema<T> {
  readonly " optional": true;
}

type Properties = Record<string, Schema>;

type Required<P extends Properties> = { [K in keyof P as P[K] extends Optional<any> ? never : K]: Infer<P[K]> };
type Others<P extends Properties> = { [K in keyof P as P[K] extends Optional<any> ? K : never]?: Infer<P[K]> };
type ObjectOf<P extends Properties> = { [K in keyof (Required<P> & Others<P>)]: (Required<P> & Others<P>)[K] };

/** More words of the schema, such as `minimum`, `pattern`, `format` or `default`. */
type More = Record<string, unknown>;

/** A JSON object with these properties: each must be there unless it is `optional`, and there are no others. */
export function object<P extends Properties>(properties: P, more?: More): Schema<ObjectOf<P>>;

/** A JSON object with at least these properties: what a system answers, of which a plugin needs only this. */
export function open<P extends Properties>(properties: P, more?: More): Schema<ObjectOf<P>>;

/** Says that a property of an object may be left out. */
export function optional<T>(schema: Schema<T>): Optional<T>;

/** A text. */
export function string(description?: string, more?: More): Schema<string>;

/**
 * A secret in the configuration of an asset. Its value is a placeholder, which the host replaces by the secret in the
 * declared places of a request, unless the secret was granted as `reveal`.
 */
export function secret(description?: string, more?: More): Schema<string>;

/** A whole number. */
export function integer(description?: string, more?: More): Schema<number>;

/** A number. */
export function number(description?: string, more?: More): Schema<number>;

/** `true` or `false`. */
export function boolean(description?: string, more?: More): Schema<boolean>;

/** A list of such items. */
export function array<T>(items: Schema<T>, description?: string, more?: More): Schema<T[]>;

/** One of these texts. */
export function oneOf<const T extends string>(values: readonly T[], description?: string, more?: More): Schema<T>;

/** What satisfies the schema, or null. */
export function nullable<T>(schema: Schema<T>): Schema<T | null>;

/**
 * Where and why a value does not satisfy a schema, in words; null if it does.
 *
 * Knows the words that the functions here write, `const`, `anyOf`, and the bounds of numbers, texts and lists; a schema with
 * others is a `TypeError`. `format` is taken for a remark.
 */
export function mismatch(schema: Schema | boolean, value: unknown): string | null;
