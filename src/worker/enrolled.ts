import { parseAuthorizedKeys, parseKeyLine, type EnrolledKey } from "../core/authorized-keys.ts";
import { readIfThere, writeFileAtomic } from "../adapters/files.ts";
import { addKey, readKeyLines } from "../adapters/state-keys.ts";
import { ensureMeta, readMeta } from "../adapters/state-meta.ts";
import type { State } from "../adapters/state.ts";

/** The keys that may send requests. */
export function enrolledKeys(state: State): readonly EnrolledKey[] {
  return readKeyLines(state).flatMap(({ line }) => {
    const key = parseKeyLine(line);
    // A line that this version does not understand grants nothing.
    return typeof key === "string" ? [] : [key];
  });
}

/** On the very first start takes over the keys that init wrote; from then on the state says who is enrolled and the file only follows. */
export async function syncKeysFile(state: State, file: string, now: number): Promise<void> {
  if (readMeta(state, importedMark) === undefined) {
    const written = await readIfThere(file);
    const { keys } = parseAuthorizedKeys(written?.toString("utf8") ?? "");
    state.transaction(() => {
      for (const { fingerprint, line } of keys)
        addKey(state, { fingerprint, line, now, by: "init" });
      ensureMeta(state, importedMark, () => String(now));
    });
  }
  await writeKeysFile(state, file);
}

/** Brings the receiver's file in line with the state; the receiver reads it as another user. */
export async function writeKeysFile(state: State, file: string): Promise<void> {
  const lines = readKeyLines(state).map(({ line }) => line);
  const header = "# Written by mypaas out of its own state; change it with: mypaas key";
  await writeFileAtomic(file, `${[header, ...lines].join("\n")}\n`, { mode: 0o644 });
}

const importedMark = "keys-imported";
