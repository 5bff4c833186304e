import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { readable } from "../laptop/source-file.ts";
import { beginningOf, formatOf } from "./format.ts";
import { takeTar } from "./take-tar.ts";
import { takeZip } from "./take-zip.ts";
import { countBytes, type Taken, type TakeLimits } from "./taken.ts";

/** Takes a file that is a tar, tar.gz or zip by its first bytes, whatever its name. */
export async function takeArchiveFile(
  file: string,
  into: string,
  limits: TakeLimits,
): Promise<Taken> {
  const beginning = await readable(limits.name ?? file, beginningOfFile(file));
  return formatOf(beginning) === "zip"
    ? takeZip(file, into, limits)
    : takeTar(createReadStream(file), into, limits);
}

/** The same for a stream; a zip is written down first, because its directory stands at its end. */
export async function takeArchive(
  stream: AsyncIterable<Uint8Array>,
  into: string,
  limits: TakeLimits,
): Promise<Taken> {
  const { beginning, whole } = await beginningOf(stream);
  if (formatOf(beginning) !== "zip") return takeTar(whole, into, limits);
  const spooled = join(into, ".zip");
  const count = countBytes({ ...limits, onRead: undefined });
  try {
    const file = await open(spooled, "wx", 0o600);
    try {
      for await (const piece of whole) {
        count(piece.length);
        await file.writeFile(piece);
      }
    } finally {
      await file.close();
    }
    return await takeZip(spooled, into, limits);
  } finally {
    await rm(spooled, { force: true });
  }
}

/** True for a file that is an archive, or is named like one. */
export async function isArchive(file: string): Promise<boolean> {
  if (/\.(?:tar|t?gz|tgz|zip|zst|xz|bz2|tbz2|txz|tzst|lz4)$/i.test(file)) return true;
  const beginning = await beginningOfFile(file).catch(() => Buffer.alloc(0));
  return !["empty", "page", "other"].includes(formatOf(beginning));
}

async function beginningOfFile(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
