import { open } from "node:fs/promises";
import { parseAuthorizedKeys, type EnrolledKey } from "../../core/ssh/authorized-keys.ts";
import { UserError } from "../../core/errors.ts";
import { ensureFile, ifThere, type Ensured } from "../files.ts";

const maxBytes = 4 * 1024 * 1024;

/** Returns a reader of the enrolled keys, which parses the file again only after a change. A missing file enrols no key. */
export function enrolledKeysFile(file: string): () => Promise<readonly EnrolledKey[]> {
  let last: { readonly stamp: string; readonly keys: readonly EnrolledKey[] } | undefined;
  return async () => {
    const handle = await ifThere(open(file));
    if (!handle) return [];
    try {
      const { ino, mtimeMs, size } = await handle.stat();
      const stamp = `${ino} ${mtimeMs} ${size}`;
      if (last?.stamp === stamp) return last.keys;
      if (size > maxBytes)
        throw new UserError(`${file}: ${size} bytes, at most ${maxBytes} are read`);
      const { keys } = parseAuthorizedKeys(await handle.readFile("utf8"));
      last = { stamp, keys };
      return keys;
    } finally {
      await handle.close();
    }
  };
}

/** Writes the file when it differs; the receiver reads it as another user. */
export async function writeEnrolledKeys(file: string, lines: readonly string[]): Promise<Ensured> {
  const header = "# Written by mypaas from its state; to change it, run: mypaas key";
  return ensureFile(file, `${[header, ...lines].join("\n")}\n`, { mode: 0o644 });
}
