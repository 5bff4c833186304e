import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import {
  archiveMode,
  badArchive,
  tallyArchive,
  type ArchiveTally,
} from "../../core/push/archive.ts";
import { UserError } from "../../core/errors.ts";
import { quotePath } from "../../core/push/manifest.ts";
import { codeOf } from "../files.ts";
import { beginningOf, refuseFormat } from "./format.ts";
import { blobFolder, countBytes, type Taken, type TakeLimits } from "./taken.ts";

/**
 * Takes a tar or tar.gz: its entries as a push has them, the bytes of its files into the folder `into`, under their sha256. Nothing is
 * unpacked: no path of the archive ever names a file here. Memory does not grow with it. Throws UserError "archive" for one that is
 * not whole, too large, or holds what must not be in one; `into` may hold files then, and belongs to the caller.
 */
export async function takeTar(
  stream: AsyncIterable<Uint8Array>,
  into: string,
  limits: TakeLimits = {},
): Promise<Taken> {
  const { name = "archive", stripTop = false } = limits;
  const { beginning, whole } = await beginningOf(stream);
  refuseFormat(beginning, name, "tar");
  const taking: Taking = {
    name,
    tally: tallyArchive(name, limits.members),
    put: blobFolder(into, name),
  };
  const isGzip = beginning[0] === 0x1f && beginning[1] === 0x8b;
  const tar = extract();
  const edges = edgesOfTar(limits);
  const { pass } = edges;
  const fed = isGzip ? pipeline(whole, createGunzip(), pass, tar) : pipeline(whole, pass, tar);
  // The members end with an error of the pieces, or the other way round: the first one counts.
  const feeding = fed.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  try {
    for await (const entry of tar) {
      const { header } = entry;
      // Pieces that nobody reads would end the process with the error of the archive.
      entry.on("error", () => undefined);
      await takeMember(taking, header as Member, entry as AsyncIterable<Uint8Array>);
      entry.resume();
    }
    await fed;
  } catch (error) {
    tar.destroy();
    const failure = await feeding;
    throw explained(name, error instanceof UserError ? error : (failure?.error ?? error));
  }
  if (!edges.isThere()) throw badArchive(name, "cut off: the end of the archive is missing");
  const tree = taking.tally.tree(stripTop);
  const commit = edges.commit();
  return { ...tree, ...(commit !== undefined && { commit }) };
}

/** Its kind is null for what the package does not know; the fields of pax are texts. */
type Member = Omit<Header, "type" | "pax"> & {
  readonly type: Header["type"] | null;
  readonly pax?: Readonly<Record<string, string>> | null;
};

interface Taking {
  readonly name: string;
  readonly tally: ArchiveTally;
  readonly put: ReturnType<typeof blobFolder>;
}

async function takeMember(
  { name, tally, put }: Taking,
  { name: written, type, mode, size, linkname, pax }: Member,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const path = tally.path(written);
  const refuse = (what: string) => badArchive(name, `${quotePath(written)}: ${what}`);
  const isSparse = Object.keys(pax ?? {}).some((key) => key.startsWith("GNU.sparse."));
  if (isSparse) throw refuse("is a sparse file of GNU tar, which is not taken");
  switch (type) {
    case "directory":
      return tally.folder({ path, mode: archiveMode(mode, 0o755) });
    case "symlink":
      return tally.add({ path, link: linkname ?? "" });
    case "link":
      return tally.add(tally.linked(path, linkname ?? ""));
    case "file":
    case "contiguous-file": {
      const blob = await put(path, body);
      if (blob.size !== size) throw refuse("is cut off");
      return tally.add({ path, mode: archiveMode(mode, 0o644), ...blob });
    }
    case "character-device":
    case "block-device":
      throw refuse("is a device");
    case "fifo":
      throw refuse("is a fifo");
    // Such as old sparse files of GNU tar, whose bytes are not those of the file.
    case null:
    default:
      throw refuse("is of a kind that is not known here");
  }
}

/** Counts what passes, and keeps both ends: the commit stands in the first blocks, and without an empty one at the end the rest of the archive may be missing. */
function edgesOfTar(limits: TakeLimits) {
  const count = countBytes(limits);
  let beginning = Buffer.alloc(0);
  let end = Buffer.alloc(0);
  return {
    async *pass(this: void, pieces: AsyncIterable<Uint8Array>) {
      for await (const piece of pieces) {
        count(piece.length);
        if (beginning.length < 1024)
          beginning = Buffer.concat([beginning, piece.subarray(0, 1024 - beginning.length)]);
        end = Buffer.from(Buffer.concat([end, piece.subarray(-512)]).subarray(-512));
        yield piece;
      }
    },
    /** The comment of the global header that `git archive` writes; tar-stream shows it to members with a header of their own only. */
    commit: () =>
      beginning[156] === 0x67
        ? /^\d+ comment=([0-9a-f]{40}|[0-9a-f]{64})\n/.exec(beginning.toString("latin1", 512))?.[1]
        : undefined,
    isThere: () => end.length === 512 && end.every((byte) => byte === 0),
  };
}

function explained(name: string, cause: unknown): unknown {
  if (cause instanceof UserError || !(cause instanceof Error)) return cause;
  const { message } = cause;
  if (codeOf(cause) === "Z_BUF_ERROR" || message === "Unexpected end of data")
    return badArchive(name, "cut off before its end", { hint: again, cause });
  if (codeOf(cause) === "Z_DATA_ERROR")
    return badArchive(name, `damaged: ${message}`, { hint: again, cause });
  if (/invalid tar header|invalid header|max size|invalid (pax|size)/i.test(message))
    return badArchive(name, `not a tar archive, or a damaged one: ${message}`, {
      hint: again,
      cause,
    });
  return cause;
}

const again = "make it or download it again";
