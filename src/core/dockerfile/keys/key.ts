import { settingChange, type Change, type Side } from "../../release/change.ts";
import type { Release } from "../../release/release.ts";
import type { ServiceSpec } from "../../release/spec.ts";
import type { ProblemDraft, ProblemList } from "../problems.ts";
import type { Read } from "../values.ts";

/** One key that a comment may set, with its documentation. */
export interface Key<T> {
  readonly name: string;
  readonly aliases: readonly string[];
  /** True when each line adds one more value. */
  readonly many: boolean;
  /** How a value is written, in words of the table. */
  readonly syntax: string;
  /** What applies without the key, in words of the table. */
  readonly fallback: string;
  readonly help: string;
  /** Set while the key is accepted without an effect: the warning about it. */
  readonly later?: string;
  readonly read: (text: string) => Read<T>;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A value and the place of its line. */
export interface Found<T> extends Place {
  readonly value: T;
}

/** The key lines of one Dockerfile, for rules that compare several of them. */
export interface FileKeys {
  /** The values of a key in file order; at most one unless the key is `many`. */
  readonly values: <T>(key: Key<T>) => readonly Found<T>[];
  /** The first line of a key, also when its value is wrong. */
  readonly firstLine: (key: Key<unknown>) => Place | undefined;
  /** Names of the build stages, empty for a stage without one. */
  readonly stages: readonly string[];
  readonly problems: ProblemList;
  readonly warnings: ProblemList;
}

/** One field of a spec: its keys, its value, and how `check` and `plan` show it. Every part is required, so a forgotten one does not compile. */
export interface SpecField<T> {
  readonly keys: readonly Key<unknown>[];
  /** The value without a line, and in releases that were stored before the field existed. It must mean what mypaas did before. */
  readonly default: T;
  /** Makes the value out of the lines of the keys, and reports what is wrong between them. */
  readonly merge: (file: FileKeys) => T;
  /** What `check` prints. */
  readonly describe: (value: T, spec: ServiceSpec) => readonly Fact[];
  /** How `plan` and `ps` show a change. */
  readonly changes: (from: Side<T> | undefined, to: Side<T>) => readonly Change[];
}

/** All fields. */
export type SpecTable = { readonly [F in keyof ServiceSpec]: SpecField<ServiceSpec[F]> };

/** One line of `check`; `sameLine` adds it to the line before when that has the same title. */
export interface Fact {
  readonly title: string;
  readonly text: string;
  readonly sameLine?: boolean;
}

type Docs<T> = Omit<Key<T>, "aliases" | "many"> & Partial<Pick<Key<T>, "aliases">>;
type Value<F extends keyof ServiceSpec> = NonNullable<ServiceSpec[F]>;

/** A field that one line sets. */
export type OneRow<F extends keyof ServiceSpec> = Docs<Value<F>> & {
  readonly default: ServiceSpec[F];
  /** Reports problems with other lines. */
  readonly rule?: (found: Found<Value<F>> | undefined, file: FileKeys) => void;
  /** Undefined: `check` does not show it. */
  readonly describe:
    | (Omit<Fact, "text"> & { readonly text: (value: ServiceSpec[F]) => string | undefined })
    | undefined;
  /** The value as a change shows it; undefined means that it is not set. */
  readonly write: (value: ServiceSpec[F], release: Release) => string | undefined;
  /** True for a value that `plan` does not show for the first release. */
  readonly hiddenAtFirst?: boolean;
};

/** Makes the field of a key that one line sets. */
export function oneValue<F extends keyof ServiceSpec>(row: OneRow<F>) {
  const { default: missing, rule, describe, write, hiddenAtFirst, ...docs } = row;
  const key: Key<Value<F>> = { aliases: [], many: false, ...docs };
  const field: SpecField<ServiceSpec[F]> = {
    keys: [key],
    default: missing,
    merge: (file) => {
      const found = file.values(key)[0];
      rule?.(found, file);
      return found === undefined ? missing : found.value;
    },
    describe: (value) => {
      const text = describe?.text(value);
      return describe === undefined || text === undefined ? [] : [{ ...describe, text }];
    },
    changes: (from, to) => {
      if (from === undefined && hiddenAtFirst) return [];
      const text = ({ value, release }: Side<ServiceSpec[F]>) => write(value, release);
      return settingChange(key.name, from && text(from), text(to));
    },
  };
  return { ...field, key };
}

type Item<F extends keyof ServiceSpec> = ServiceSpec[F] extends readonly (infer T)[] ? T : never;
/** Fields that hold a list. */
export type ListField = {
  [F in keyof ServiceSpec]: ServiceSpec[F] extends readonly unknown[] ? F : never;
}[keyof ServiceSpec];

/** A field to which each line of a key adds a value. */
export type ManyRow<F extends ListField> = Docs<Item<F>> & {
  /** Reports problems between the lines, such as `refuseTwice`. */
  readonly rule: (key: Key<Item<F>>, file: FileKeys) => void;
  readonly describe: { readonly title: string; readonly text: (value: Item<F>) => string };
  readonly changes: SpecField<readonly Item<F>[]>["changes"];
};

/** Makes the field of a key to which each line adds a value. */
export function manyValues<F extends ListField>(row: ManyRow<F>): SpecField<readonly Item<F>[]> {
  const { rule, describe, changes, ...docs } = row;
  const key: Key<Item<F>> = { aliases: [], many: true, ...docs };
  return {
    keys: [key],
    default: [],
    merge: (file) => {
      rule(key, file);
      return file.values(key).map(({ value }) => value);
    },
    describe: (values) =>
      values.map((value) => ({ title: describe.title, text: describe.text(value) })),
    changes,
  };
}

/** Applies `write` to a value that is set. */
export const ifSet =
  <T>(write: (value: T) => string) =>
  (value: T | undefined): string | undefined =>
    value === undefined ? undefined : write(value);

/** A problem or warning about a line of `key`. */
export const about = (
  key: Key<unknown>,
  { line, column }: Place,
  message: string,
  hint?: ProblemDraft["hint"],
): ProblemDraft => ({ line, column, message: `mypaas.${key.name}: ${message}`, hint });

/** The rule that no two lines of a key have the same name. */
export const refuseTwice =
  <T>(nameOf: (value: T) => string) =>
  (key: Key<T>, { values, problems }: FileKeys): void => {
    const seen = new Map<string, number>();
    for (const found of values(key)) {
      const name = nameOf(found.value);
      const before = seen.get(name);
      if (before === undefined) seen.set(name, found.line);
      else problems.add(about(key, found, `${name} is already on line ${before}`));
    }
  };
