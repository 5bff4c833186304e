import { serviceForm } from "../name-forms.ts";
import { UserError } from "../errors.ts";
import { allKnown } from "../wire/versions.ts";

/** Reads one field of a request; throws UserError "bad-request" with the field's name. It returns undefined only for a field that may be left out. */
export type Reader<T> = (value: unknown, name: string) => T;

/** The readers of some fields, in the order in which the fields are checked. */
export type Shape = Readonly<Record<string, Reader<unknown>>>;

/** The type of the fields that a shape reads. */
export type Read<S extends Shape> = Flat<
  {
    readonly [K in keyof S as undefined extends ReturnType<S[K]> ? never : K]: ReturnType<S[K]>;
  } & {
    readonly [K in keyof S as undefined extends ReturnType<S[K]> ? K : never]?: Exclude<
      ReturnType<S[K]>,
      undefined
    >;
  }
>;

/** An intersection written as one object type. */
export type Flat<T> = { readonly [K in keyof T]: T[K] };

export type Fields = Readonly<Record<string, unknown>>;

/** Reads the fields of a shape and drops all others. */
export function readFields<S extends Shape>(value: Fields, shape: S): Read<S> {
  const read = Object.entries(shape).map(([name, reader]) => [name, reader(value[name], name)]);
  return Object.fromEntries(read.filter(([, item]) => item !== undefined)) as Read<S>;
}

/** An object with fields of its own; messages about the object itself call it `called`. */
export const object =
  <S extends Shape>(shape: S, called?: string): Reader<Read<S>> =>
  (value, name) => {
    const fields = asFields(value, called ?? name);
    return allKnown(fields, readFields(fields, shape), `${called ?? name}.`);
  };

/** Any JSON object; throws UserError "bad-request". */
export function asFields(value: unknown, name?: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw bad(`${name === undefined ? "" : `${name}: `}should be an object`);
}

/** The fields of a JSON object that came over the wire; undefined for any other text. */
export function jsonFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** A list, whose items get the name of the list. */
export const list =
  <T>(item: Reader<T>, called?: string): Reader<readonly T[]> =>
  (value, name) => {
    if (!Array.isArray(value)) throw bad(`${called ?? name}: should be a list`);
    return value.map((one) => item(one, called ?? name));
  };

/** Text that matches a pattern; `wrong` begins the message about any other value. */
export const text =
  (pattern: RegExp, wrong?: string): Reader<string> =>
  (value, name) => {
    if (typeof value === "string" && pattern.test(value)) return value;
    throw bad(`${wrong ?? `${name}: not valid`}: ${shown(value, 60)}`);
  };

const wholeFrom =
  (min: number, max: number, wanted: string): Reader<number> =>
  (value, name) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max)
      return value;
    throw bad(`${name}: should be ${wanted}, got ${shown(value)}`);
  };

/** A number without a fraction, from 0 on. */
export const wholeNumber = wholeFrom(0, Infinity, "a whole number");

/** A whole number with an upper limit. */
export const wholeUpTo = (max: number): Reader<number> =>
  wholeFrom(0, max, `a whole number up to ${max}`);

/** A number of things that are counted from 1. */
export const counted = wholeFrom(1, Infinity, "a number from 1");

/** True only for `true`. */
export const boolean: Reader<boolean> = (value) => value === true;

/** The same, left out where it is not true. */
export const flag: Reader<boolean | undefined> = (value) => value === true || undefined;

/** A field that may be left out. */
export const optional =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (value, name) =>
    value === undefined ? undefined : read(value, name);

/** A field that no content id may depend on, because a hash of a short secret can be guessed. */
export const secret = <T>(read: Reader<T>): Reader<T> & { readonly isSecret: true } =>
  Object.assign<Reader<T>, { readonly isSecret: true }>((value, name) => read(value, name), {
    isSecret: true,
  });

/** A service name as in the Dockerfile. */
export const serviceName = text(serviceForm);

/** The name of a process of a service. */
export const processName = text(/^[a-z][a-z0-9-]{0,29}$/);

/** The start of a value as a message shows it. */
export const shown = (value: unknown, length = 40): string | undefined =>
  JSON.stringify(value)?.slice(0, length);

/** The error of every request that cannot be understood. */
export const bad = (message: string, cause?: unknown): UserError =>
  new UserError(`request: ${message}`, { code: "bad-request", cause });
