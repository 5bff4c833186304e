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
export function enrolledKeys(state: State): readonly EnrolledKey[] {
  return readKeyLines(state).flatMap(({ line }) => {
    const key = parseKeyLine(line);
    // A line that this version does not understand grants nothing.
    return typeof key === "string" ? [] : [key];
  });
}

/** Who made a request that was accepted before; throws when that key is not enrolled any more. */
export function callerOf(state: State, key: string): Caller {
  const line = key === "root" ? undefined : keyLine(state, key);
  if (line === undefined && key !== "root") throw new Error(`key ${key}: not enrolled any more`);
  const read = line === undefined ? "root" : parseKeyLine(line);
  if (typeof read === "string" && read !== "root") throw new Error(`key ${key}: ${read}`);
  return read;
}

/** On the very first start takes over the keys that init wrote; from then on the state says who is enrolled and the file only follows. */
export async function syncKeysFile(state: State, file: string, now: number): Promise<void> {
  const written = await readIfThere(file);
  importKeys(state, parseAuthorizedKeys(written?.toString("utf8") ?? "").keys, now);
  await writeKeysFile(state, file);
}

/** Brings the receiver's file in line with the state. */
async function writeKeysFile(state: State, file: string): Promise<void> {
  await writeEnrolledKeys(
    file,
    readKeyLines(state).map(({ line }) => line),
  );
}

/** One write after the other, so that of two changes at once the later one is what the file says in the end. */
export function keysFileWriter(state: State, file: string): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    const done = last.then(() => writeKeysFile(state, file));
    last = done.catch(() => {});
    return done;
  };
}
