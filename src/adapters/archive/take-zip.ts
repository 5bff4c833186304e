import { commitForm } from "../../core/name-forms.ts";
import { crc32 } from "node:zlib";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import {
  archiveMode,
  badArchive,
  tallyArchive,
  type ArchiveTally,
} from "../../core/push/archive.ts";
import { UserError } from "../../core/errors.ts";
import { quotePath } from "../../core/push/manifest.ts";
import { blobFolder, countBytes, type Taken, type TakeLimits } from "./taken.ts";

/**
 * The same as `takeTar` for a zip, which is a file: it is read by the directory at its end alone. What stands before each member is not
 * believed, and every member is compared with its checksum.
 */
export async function takeZip(file: string, into: string, limits: TakeLimits = {}): Promise<Taken> {
  const { name = "archive", stripTop = false } = limits;
  const tally = tallyArchive(name, limits.members);
  const taking: Taking = {
    name,
    tally,
    put: blobFolder(into, name),
    count: countBytes(limits),
    starts: new Set(),
  };
  try {
    const zip = await openPromise(file, { autoClose: false, strictFileNames: true });
    try {
      for await (const entry of entriesOf(zip)) await takeMember(taking, zip, entry);
      const commit = commitForm.exec(zip.comment)?.[0];
      return { ...tally.tree(stripTop), ...(commit !== undefined && { commit }) };
    } finally {
      zip.close();
    }
  } catch (error) {
    throw explained(name, error);
  }
}

interface Taking {
  readonly name: string;
  readonly tally: ArchiveTally;
  readonly put: ReturnType<typeof blobFolder>;
  readonly count: (bytes: number) => void;
  /** Where the members begin in the file: two that share their bytes are a bomb. */
  readonly starts: Set<number>;
}

async function* entriesOf(zip: ZipFile) {
  for (;;) {
    const { promise, resolve, reject } = Promise.withResolvers<Entry | undefined>();
    const onEnd = () => resolve(undefined);
    zip.on("entry", resolve).on("end", onEnd).on("error", reject);
    zip.readEntry();
    const entry = await promise.finally(() =>
      zip.off("entry", resolve).off("end", onEnd).off("error", reject),
    );
    if (entry === undefined) return;
    yield entry;
  }
}

const kindBits = 0o170000;
const [unknownKind, folderKind, fileKind, linkKind] = [0, 0o040000, 0o100000, 0o120000];
/** Of the programs that make zips, those of Unix write modes. */
const unix = 3;
const maxLinkBytes = 4096;

async function takeMember(on: Taking, zip: ZipFile, entry: Entry): Promise<void> {
  const { name, tally, put } = on;
  const {
    fileName,
    versionMadeBy,
    externalFileAttributes,
    relativeOffsetOfLocalHeader: start,
  } = entry;
  const path = tally.path(fileName);
  const refuse = (what: string) => badArchive(name, `${quotePath(fileName)}: ${what}`);
  const mode = versionMadeBy >> 8 === unix ? externalFileAttributes >>> 16 : 0;
  const kind = mode & kindBits;
  if (fileName.endsWith("/") || kind === folderKind)
    return tally.folder({ path, mode: archiveMode(mode, 0o755) });
  if (![unknownKind, fileKind, linkKind].includes(kind))
    throw refuse("is a device, a fifo or a socket");
  if (entry.isEncrypted()) throw refuse("is encrypted");
  if (on.starts.has(start)) throw refuse("shares its bytes with another file");
  on.starts.add(start);
  if (kind === linkKind) return tally.add({ path, link: await readLink(on, zip, entry) });
  const blob = await put(path, bytesOf(on, zip, entry));
  return tally.add({ path, mode: archiveMode(mode, 0o644), ...blob });
}

/** The bytes of a member; throws instead of ending where they are others than the directory says. */
async function* bytesOf({ name, count }: Taking, zip: ZipFile, entry: Entry) {
  const stream = await zip.openReadStreamPromise(entry);
  let sum = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    count(piece.length);
    sum = crc32(piece, sum);
    yield piece;
  }
  if (sum !== entry.crc32) throw badArchive(name, `${quotePath(entry.fileName)}: is damaged`);
}

async function readLink(on: Taking, zip: ZipFile, entry: Entry): Promise<string> {
  const bad = (what: string) => badArchive(on.name, `${quotePath(entry.fileName)}: ${what}`);
  if (entry.uncompressedSize > maxLinkBytes) throw bad("link has no valid target");
  const pieces: Uint8Array[] = [];
  for await (const piece of bytesOf(on, zip, entry)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const link = bytes.toString("utf8");
  if (!Buffer.from(link).equals(bytes)) throw bad("its target is not valid Unicode");
  return link;
}

/** What yauzl says of a file that is no zip, or a damaged or hostile one, has no class of its own. */
function explained(name: string, error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error) || "syscall" in error) return error;
  if (error instanceof TypeError || error instanceof ReferenceError) return error;
  if (error.name === "AbortError") return error;
  const message = error.message.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?").slice(0, 300);
  const what = /central directory|end of file|EOF|truncated/i.test(message)
    ? "is not whole"
    : "is damaged";
  return badArchive(name, `${what}: ${message}`, {
    hint: "make it or download it again",
    cause: error,
  });
}
