/** Reads one value out of JSON; `where` is its place in messages. Throws WrongShape. */
export interface Reader<T> {
  (value: unknown, where: string): T;
  /** What it takes, in a few words; the readers of all that is stored are compared by this. */
  readonly shape: string;
}

/** A reader that has an answer where a value is missing, because an older program did not write it. */
export interface Lenient<T> extends Reader<T> {
  readonly isLenient: true;
}

/** Readers for every key of T: a key that is not one of `First`, which the first released version wrote always, has to say what it is in data without it. */
export type Readers<T, First extends keyof T> = {
  readonly [K in keyof T]-?: K extends First ? Reader<T[K]> : Lenient<T[K]>;
};

/** A value of another form than expected; the value itself stays out of the message, because it may be a secret. */
export class WrongShape extends Error {
  constructor(where: string, wanted: string, value: unknown) {
    super(`${where}should be ${wanted}, got ${nameOf(value)}`);
  }
}

export const text = reader<string>("text", (value) => typeof value === "string");
export const flag = reader<boolean>("true or false", (value) => typeof value === "boolean");
export const count = reader<number>("a whole number", (value) => Number.isSafeInteger(value));
export const amount = reader<number>("a number", (value) => Number.isFinite(value));

/** One of these words. */
export const word = <const W extends string>(...words: readonly W[]): Reader<W> =>
  reader<W>(words.join(" or "), (value) => words.some((one) => one === value));

/** One value or the other. */
export const either = <A, B>(one: Reader<A>, other: Reader<B>): Reader<A | B> =>
  withShape(`${one.shape} or ${other.shape}`, (value, where) => {
    try {
      return one(value, where);
    } catch {
      return other(value, where);
    }
  });

/** A list of such values. */
export const listOf = <T>(read: Reader<T>): Reader<readonly T[]> =>
  withShape(`[${read.shape}]`, (value, where) => {
    if (!Array.isArray(value)) throw new WrongShape(where, "a list", value);
    return value.map((item, at) => read(item, inside(where, String(at + 1))));
  });

/** Such values under names that anybody chooses. */
export const mapOf = <T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> =>
  withShape(`{*: ${read.shape}}`, (value, where) => {
    const entries = Object.entries(fieldsOf(value, where));
    // No names: they are those of variables.
    return Object.fromEntries(entries.map(([name, item]) => [name, read(item, where)]));
  });

/** Left out, or such a value. */
export const maybe = <T>(read: Reader<T>): Lenient<T | undefined> =>
  lenient(`${read.shape}?`, (value, where) =>
    value === undefined ? undefined : read(value, where),
  );

/** The keys of HintFields. */
export const hinted = { hint: maybe(text), hintParts: maybe(listOf(text)) };

/** Such a value, or null, which counts as left out. */
export const orNull = <T>(read: Reader<T>): Lenient<T | undefined> =>
  lenient(`${read.shape} or null`, (value, where) =>
    value === undefined || value === null ? undefined : read(value, where),
  );

/** Such a value, and this one in data of a version that did not know it. */
export const or = <T>(read: Reader<T>, missing: T): Lenient<T> =>
  lenient(read.shape, (value, where) => (value === undefined ? missing : read(value, where)));

/** An object with these keys; others are left out, and so are values that are not set. */
export const object = <T, First extends keyof T = never>(readers: Readers<T, First>): Reader<T> => {
  const all = Object.entries<Reader<unknown>>(readers);
  const shape = `{${all.map(([name, read]) => `${name}: ${read.shape}`).join(", ")}}`;
  return withShape(shape, (value, where) => {
    const fields = fieldsOf(value, where);
    const read = all.map(([name, one]) => [name, one(fields[name], inside(where, name))] as const);
    // Each key of T has been read by its own reader.
    return Object.fromEntries(read.filter(([, item]) => item !== undefined)) as T;
  });
};

/** One of several forms, told apart by `kind`; the readers are for the keys beside it. */
export const union = <T extends { readonly kind: string }>(forms: {
  readonly [K in T["kind"]]: Reader<Omit<Extract<T, { readonly kind: K }>, "kind">>;
}): Reader<T> => {
  const all = new Map(Object.entries<Reader<object>>(forms));
  const shape = [...all].map(([kind, form]) => `${kind} ${form.shape}`).join(" | ");
  return withShape(shape, (value, where) => {
    const { kind } = fieldsOf(value, where);
    const form = typeof kind === "string" ? all.get(kind) : undefined;
    if (form === undefined)
      throw new WrongShape(inside(where, "kind"), [...all.keys()].join(" or "), kind);
    return { kind, ...form(value, where) } as T;
  });
};

function reader<T>(wanted: string, isOne: (value: unknown) => boolean): Reader<T> {
  return withShape(wanted, (value, where) => {
    if (!isOne(value)) throw new WrongShape(where, wanted, value);
    return value as T;
  });
}

function withShape<T>(shape: string, read: (value: unknown, where: string) => T): Reader<T> {
  return Object.assign(read, { shape });
}

function lenient<T>(shape: string, read: (value: unknown, where: string) => T): Lenient<T> {
  return Object.assign(read, { shape, isLenient: true } as const);
}

/** `a.b.` for the place of b. */
const inside = (where: string, name: string): string =>
  `${where === "" ? "" : `${where.slice(0, -2)}.`}${name}: `;

function fieldsOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new WrongShape(where, "an object", value);
  // A key "__proto__" of JSON is an own one, and nothing else is looked at.
  return Object.assign(Object.create(null), value) as Readonly<Record<string, unknown>>;
}

function nameOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
