import { settingChange, type Change, type Side } from "../../release/change.ts";
import type { Release } from "../../release/release.ts";
import type { ServiceSpec } from "../../release/spec.ts";
import { listOf, type Reader } from "../../stored/shape.ts";
import type { KeyLine } from "../comment-keys.ts";
import type { ProblemList } from "../problems.ts";
import type { ProcfileLines } from "../procfile.ts";
import type { Read } from "../values.ts";

/** One key that a comment may set, with its documentation. */
export interface Key<T> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** True when each line adds one more value. */
  readonly many?: true;
  /** How a value is written, in words of the table. */
  readonly syntax: string;
  /** What applies without the key, in words of the table. */
  readonly fallback: string;
  readonly help: string;
  /** Where a part of its name is chosen by the file, as in `process.NAME`: finds that part in a name in lower case. */
  readonly pattern?: RegExp;
  /** `part` is what the file has chosen of the name, as it is written. */
  readonly read: (text: string, part: string) => Read<T>;
}

/** A value and the place of its line. */
export interface Found<T> extends Pick<KeyLine, "line" | "column"> {
  readonly value: T;
}

/** The key lines of one Dockerfile, for rules that compare several of them. */
export interface FileKeys {
  /** The values of a key in file order; at most one unless the key is `many`. */
  readonly values: <T>(key: Key<T>) => readonly Found<T>[];
  /** The first line of these keys, also when its value is wrong. */
  readonly firstLine: (...keys: readonly Key<unknown>[]) => KeyLine | undefined;
  /** Names of the build stages, empty for a stage without one. */
  readonly stages: readonly string[];
  /** True when the stage that is built says what its image runs. */
  readonly hasProgram: (target: string | undefined) => boolean;
  /** The lines of the Procfile beside it. */
  readonly procfile: ProcfileLines;
  readonly problems: ProblemList;
  readonly warnings: ProblemList;
}

/** Reports problems between the lines of a key, or with lines of other keys. */
export type Rule<T> = (key: Key<T>, file: FileKeys) => void;

/** One field of a spec: its keys, its value, and how `check` and `plan` show it. Every part is required, so a forgotten one does not compile. */
export interface SpecField<T> {
  readonly keys: readonly Key<unknown>[];
  /** The value without a line, and in releases that were stored before the field existed. It must mean what mypaas did before. */
  readonly default: T;
  /** Reads a value that is stored. */
  readonly stored: Reader<T>;
  /** Makes the value out of the lines of the keys, and reports what is wrong between them. */
  readonly merge: (file: FileKeys) => T;
  /** The lines that `check` prints. */
  readonly describe: (value: T, spec: ServiceSpec) => readonly Fact[];
  /** How `plan` shows a change. */
  readonly changes: (from: Side<T> | undefined, to: Side<T>) => readonly Change[];
}

type Field = keyof ServiceSpec;
export type SpecTable = { readonly [F in Field]: SpecField<ServiceSpec[F]> };

/** One line of `check`; `sameLine` adds it to the line before when that has the same title. */
export interface Fact {
  readonly title: string;
  readonly text: string;
  readonly sameLine?: true | undefined;
}

type Value<F extends Field> = NonNullable<ServiceSpec[F]>;
type Item<F extends Field> = ServiceSpec[F] extends readonly (infer T)[] ? T : never;

/** The row of a key that one line sets. */
export interface OneRow<F extends Field> extends Key<Value<F>> {
  readonly default: ServiceSpec[F];
  /** Reads a value that is stored. */
  readonly stored: Reader<Value<F>>;
  readonly rule?: Rule<Value<F>>;
  /** The title of its line in `check`, where that is not its name. */
  readonly title?: string;
  /** The value in `check`; undefined when it is not shown. */
  readonly text: (value: ServiceSpec[F]) => string | undefined;
  readonly sameLine?: true;
  /** The value in a change; undefined when it is not set. */
  readonly write: (value: ServiceSpec[F], release: Release) => string | undefined;
  /** True for a value that `plan` does not show for the first release. */
  readonly hiddenAtFirst?: true;
}

/** Makes the field of a key that one line sets. */
export function oneValue<F extends Field>(row: OneRow<F>) {
  const { title = row.name, sameLine } = row;
  const field: SpecField<ServiceSpec[F]> = {
    keys: [row],
    default: row.default,
    stored: row.stored,
    merge: (file) => {
      row.rule?.(row, file);
      const [found] = file.values(row);
      return found === undefined ? row.default : found.value;
    },
    describe: (value) => {
      const text = row.text(value);
      return text === undefined ? [] : [{ title, text, sameLine }];
    },
    changes: (from, to) => {
      if (from === undefined && row.hiddenAtFirst) return [];
      const text = ({ value, release }: Side<ServiceSpec[F]>) => row.write(value, release);
      return settingChange(row.name, from && text(from), text(to));
    },
  };
  const key: Key<Value<F>> = row;
  return { ...field, key };
}

/** The row of a key to which each line adds a value. */
export interface ManyRow<F extends Field> extends Key<Item<F>> {
  /** Reads one value that is stored. */
  readonly stored: Reader<Item<F>>;
  /** Such as `refuseTwice`. */
  readonly rule: Rule<Item<F>>;
  /** The title of its lines in `check`, where that is not its name. */
  readonly title?: string;
  readonly text: (value: Item<F>) => string;
  readonly changes: SpecField<readonly Item<F>[]>["changes"];
}

/** Makes the field of a key to which each line adds a value. */
export function manyValues<F extends Field>(row: ManyRow<F>): SpecField<readonly Item<F>[]> {
  const { title = row.name, text, rule, changes } = row;
  const key: Key<Item<F>> = { ...row, many: true };
  return {
    keys: [key],
    default: [],
    stored: listOf(row.stored),
    merge: (file) => {
      rule(key, file);
      return file.values(key).map(({ value }) => value);
    },
    describe: (values) => values.map((value) => ({ title, text: text(value) })),
    changes,
  };
}

/** A change of all the values of a key, shown as one setting. */
export const listChange =
  <T>(key: string, write: (item: T) => string): SpecField<readonly T[]>["changes"] =>
  (from, to) => {
    const all = (list: readonly T[] = []): string | undefined =>
      list.length === 0 ? undefined : list.map(write).join(", ");
    return settingChange(key, all(from?.value), all(to.value));
  };

/** Applies `write` to a value that is set. */
export const ifSet =
  <T>(write: (value: T) => string) =>
  (value: T | undefined): string | undefined =>
    value === undefined ? undefined : write(value);

/** The message of a problem or warning about a line of `key`. */
export const about = (key: Pick<Key<unknown>, "name">, message: string): string =>
  `mypaas.${key.name}: ${message}`;

/** The rule that no two lines of a key have the same name. */
export const refuseTwice =
  <T>(nameOf: (value: T) => string): Rule<T> =>
  (key, { values, problems }) => {
    const seen = new Map<string, number>();
    for (const found of values(key)) {
      const name = nameOf(found.value);
      const before = seen.get(name);
      if (before === undefined) seen.set(name, found.line);
      else problems.add(found, about(key, `${name} is already on line ${before}`));
    }
  };
