import { buffer } from "node:stream/consumers";
import type { SpoolWithUnnamed } from "../../adapters/spool/spool.ts";
import type { SpooledBlob } from "../../adapters/spool/unnamed-uploads.ts";
import type { ImageDoor } from "../../core/registry/door.ts";
import { repositoryFolder } from "../../core/registry/spool-name.ts";

export interface FoundManifest {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** What was pushed to a repository. No repository learns what another holds. It stays for an hour after the last byte; what a deploy took is known to the worker. */
export interface Repository {
  readonly folder: string;
  readonly blob: (sha256: string) => Promise<SpooledBlob | undefined>;
  /** The size of a blob that is here, or that this repository has deployed before. */
  readonly sizeOf: (sha256: string, token: string) => Promise<number | undefined>;
  readonly manifest: (sha256: string) => Promise<FoundManifest | undefined>;
  readonly putManifest: (manifest: FoundManifest) => Promise<void>;
  /** The sha256 of the manifest of a tag. */
  readonly tag: (tag: string) => Promise<string | undefined>;
  readonly putTag: (tag: string, sha256: string) => Promise<void>;
  /** Sorted. */
  readonly tags: () => Promise<readonly string[]>;
}

/** Opens a repository in the spool. */
export function openRepository(
  spool: SpoolWithUnnamed,
  door: Pick<ImageDoor, "sizeOf">,
  repository: string,
): Repository {
  const folder = repositoryFolder(repository);
  const { unnamed } = spool;
  return {
    folder,
    blob: (sha256) => unnamed.blob(folder, sha256),
    sizeOf: async (sha256, token) =>
      (await unnamed.blob(folder, sha256))?.size ??
      (await door.sizeOf({ token, repository, sha256 })),
    manifest: async (sha256) => {
      if ((await unnamed.note(folder, `manifest-${sha256}`)) === undefined) return undefined;
      const found = await unnamed.blob(folder, sha256);
      return found === undefined ? undefined : { sha256, bytes: await buffer(found.read()) };
    },
    putManifest: async ({ sha256, bytes }) => {
      const blob = { sha256, size: bytes.length };
      const there = await unnamed.blob(folder, sha256);
      if (there === undefined)
        await spool.write({ request: folder, blob, range: undefined, bytes: once(bytes) });
      await unnamed.putNote(folder, `manifest-${sha256}`, "");
    },
    tag: (tag) => unnamed.note(folder, `tag-${tag}`),
    putTag: (tag, sha256) => unnamed.putNote(folder, `tag-${tag}`, sha256),
    tags: () => unnamed.notes(folder, "tag-"),
  };
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
