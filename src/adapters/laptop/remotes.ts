import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../core/errors.ts";
import { count, listOf, maybe, object, or, text } from "../../core/stored/shape.ts";
import { damaged, readStored, refuseNewer, type StoredThing } from "../../core/stored/stored.ts";
import {
  formatRemoteLine,
  parseRemoteLine,
  type RemoteAddress,
} from "../../core/wire/connection-string.ts";
import { codeOf, readIfThere, writeFileAtomic } from "../files.ts";
import { xdgFolder, type HomePlace } from "./known-services.ts";
import { lockFile } from "./lock-file.ts";

/** A server that this machine knows. */
export interface Remote extends RemoteAddress {
  readonly name: string;
  /** `SHA256:…` of the key that the server accepted last. */
  readonly fingerprint: string | undefined;
}

export interface RemotesPlace extends HomePlace {
  /** Milliseconds between two attempts to get the lock; 20 by default. */
  readonly pauseMs?: number;
}

/** Path of the file of remotes. */
export const remotesFile = (place: HomePlace): string =>
  join(xdgFolder(place, "XDG_CONFIG_HOME", ".config"), "mypaas", "remotes.json");

/** All remotes; the first is the default. Empty without a file. */
export async function readRemotes(place: RemotesPlace): Promise<readonly Remote[]> {
  const file = remotesFile(place);
  const bytes = await readIfThere(file).catch((cause: unknown) => {
    throw new UserError(`${file}: not readable`, { code: "remotes-file", cause });
  });
  if (bytes === undefined) return [];
  const json = bytes.toString("utf8");
  const thing = { name: file, hint: `remove it and add your remotes again: rm ${file}` };
  // The version first: what a newer program wrote may have any form.
  refuseNewer(file, readStored(json, versionShape, thing).version, version);
  return readStored(json, remotesShape, thing).remotes.map((one) => load(one, thing));
}

/** Changes the list under a lock. After a power cut, the file has the old list or the new one. */
export async function changeRemotes(
  place: RemotesPlace,
  change: (remotes: readonly Remote[]) => readonly Remote[],
): Promise<void> {
  const file = remotesFile(place);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const unlock = await lockFile(`${file}.lock`, place.pauseMs);
    try {
      const remotes = change(await readRemotes(place));
      const text = JSON.stringify({ version, remotes: remotes.map(store) }, undefined, 2);
      await writeFileAtomic(file, `${text}\n`, { mode: 0o600 });
    } finally {
      unlock();
    }
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): unknown {
  const code = codeOf(error) ?? "";
  if (error instanceof UserError || !/^E[A-Z]+$/.test(code)) return error;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new UserError(`${file}: ${isFull ? "the disk is full" : `not writable (${code})`}`, {
    code: "remotes-file",
    hint: isFull
      ? "free disk space, then run the same command again"
      : "choose another folder: XDG_CONFIG_HOME=DIR",
    cause: error,
  });
}

interface Stored {
  readonly name: string;
  readonly url: string;
  readonly fingerprint: string | undefined;
}

const version = 1;
const versionShape = object<{ readonly version: number }>({ version: or(count, version) });
export const remotesShape = object<{ readonly remotes: readonly Stored[] }, "remotes">({
  remotes: listOf(
    object<Stored, "name" | "url">({ name: text, url: text, fingerprint: maybe(text) }),
  ),
});

function load({ name, url, fingerprint }: Stored, thing: StoredThing): Remote {
  if (!isRemoteName(name)) throw damaged(thing, `no remote can be called ${JSON.stringify(name)}`);
  try {
    return { name, fingerprint, ...parseRemoteLine(url) };
  } catch (error) {
    throw error instanceof UserError ? damaged(thing, error.message, error) : error;
  }
}

function store(remote: Remote): Stored {
  const { name, fingerprint } = remote;
  return { name, url: formatRemoteLine(remote), fingerprint };
}

export const isRemoteName = (name: string): boolean => /^[a-z0-9][a-z0-9-]{0,49}$/.test(name);
