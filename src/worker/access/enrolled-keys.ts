import {
  parseAuthorizedKeys,
  parseKeyLine,
  type EnrolledKey,
} from "../../core/ssh/authorized-keys.ts";
import type { Caller } from "../../core/wire/permissions.ts";
import { writeEnrolledKeys } from "../../adapters/host/enrolled-keys-file.ts";
import { readIfThere } from "../../adapters/files.ts";
import { importKeys, keyLine, readKeyLines } from "../../adapters/state/keys.ts";
import type { State } from "../../adapters/state/state.ts";

/** The keys that may send requests. */
export const enrolledKeys = (state: State): readonly EnrolledKey[] =>
  readKeyLines(state).flatMap(({ line }) => readKey(line) ?? []);

/** The key of a stored line. A line that this version does not understand grants nothing. */
export function readKey(line: string): EnrolledKey | undefined {
  const key = parseKeyLine(line);
  return typeof key === "string" ? undefined : key;
}

/** What people call the key of a fingerprint: its name, the fingerprint where it has none or is gone, or `root`. */
export function keyNames(state: State): (key: string) => string {
  const names = new Map(enrolledKeys(state).map(({ fingerprint, name }) => [fingerprint, name]));
  return (key) => names.get(key) || key;
}

/** The caller of an accepted request; undefined when its key is not enrolled any more. */
export function callerOf(state: State, key: string): Caller | undefined {
  if (key === "root") return key;
  const line = keyLine(state, key);
  return line === undefined ? undefined : readKey(line);
}

/** At the first start, imports the keys that init wrote. From then on the state decides, and the file follows. */
export async function syncKeysFile(state: State, file: string, now: number): Promise<void> {
  const written = await readIfThere(file);
  importKeys(state, parseAuthorizedKeys(written?.toString("utf8") ?? "").keys, now);
  await writeKeysFile(state, file);
}

/** Writes the keys of the state to the receiver's file. */
async function writeKeysFile(state: State, file: string): Promise<void> {
  const lines = readKeyLines(state).map(({ line }) => line);
  await writeEnrolledKeys(file, lines);
}

/** Writes one after the other, so that the file has the later of two changes. */
export function keysFileWriter(state: State, file: string): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    const done = last.then(() => writeKeysFile(state, file));
    last = done.catch(() => {});
    return done;
  };
}
