import type { ServiceSpec } from "../release/spec.ts";
import type { KeyLine } from "./comment-keys.ts";
import { about, type FileKeys, type Found, type Key } from "./keys/key.ts";
import { buildSpec, keys } from "./keys/table.ts";

interface SpecInput extends Omit<FileKeys, "values" | "firstLine"> {
  readonly lines: readonly KeyLine[];
}

/** Merges the key lines into one spec; the spec is valid only if no problem was added. */
export function readSpec(input: SpecInput): ServiceSpec {
  const file = readKeys(input);
  return buildSpec((field) => field.merge(file));
}

/** Reads every line with its key before any rule compares them. */
function readKeys(input: SpecInput): FileKeys {
  const { lines, ...shared } = input;
  const found = new Map<Key<unknown>, readonly Found<unknown>[]>(
    keys.map((key) => [key, readAll(key, input)]),
  );
  return {
    // The values of a key were read by that key.
    values: <T>(key: Key<T>) => (found.get(key) ?? []) as readonly Found<T>[],
    firstLine: (...wanted) => lines.find(({ key }) => wanted.includes(key)),
    ...shared,
  };
}

// More than any service needs. It keeps the checks between lines fast whatever the file contains.
const maxLines = 250;

function readAll<T>(key: Key<T>, { lines, problems }: SpecInput): readonly Found<T>[] {
  const found: Found<T>[] = [];
  const own = lines.filter((line) => line.key === key);
  const [first] = own;
  for (const [index, line] of own.entries()) {
    const { value } = line;
    const report = (message: string, hint?: string) =>
      problems.add(line, about(line, message), hint);
    if (!key.many && first !== undefined && first.line !== line.line) {
      report(`already set on line ${first.line}`, "keep one of the two lines");
      continue;
    }
    if (index === maxLines) {
      report(`has more than ${maxLines} lines`);
      break;
    }
    const read = "bad" in value ? value : key.read(value.value, line.part);
    if ("bad" in read) report(read.bad, read.hint ?? noteHint(value));
    else found.push({ value: read.value, line: line.line, column: line.column });
  }
  return found;
}

const noteHint = (value: KeyLine["value"]): string | undefined =>
  "value" in value && value.value.includes(" #")
    ? "move the comment to a line of its own"
    : undefined;
