import { badArchive } from "../../core/push/archive.ts";
import type { Hint } from "../../core/hints.ts";
import { command, hint } from "../../core/hints.ts";

/** Reads the first bytes of a stream; `whole` yields them again, and all others. */
export async function beginningOf(stream: AsyncIterable<Uint8Array>) {
  const pieces = stream[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let length = 0;
  while (length < 512) {
    const next = await pieces.next();
    if (next.done === true) break;
    read.push(next.value);
    length += next.value.length;
  }
  const whole = async function* () {
    yield* read;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next())
      yield next.value;
  };
  return { beginning: Buffer.concat(read).subarray(0, 512), whole: whole() };
}

type Format = "gzip" | "zip" | "tar" | "empty" | "page" | "other" | keyof typeof unpackers;

/** Programs that unpack what mypaas does not. */
const unpackers = { zstd: "zstd -dc", xz: "xz -dc", bzip2: "bzip2 -dc", lz4: "lz4 -dc" } as const;

const marks: readonly (readonly [Format, string])[] = [
  ["gzip", "1f8b"],
  ["zip", "504b0304"],
  ["zip", "504b0506"],
  ["zstd", "28b52ffd"],
  ["xz", "fd377a585a00"],
  ["bzip2", "425a68"],
  ["lz4", "04224d18"],
];

/** What a stream is by its first 512 bytes; `other` may be a tar of an old kind. */
export function formatOf(beginning: Buffer): Format {
  if (beginning.length === 0) return "empty";
  const hex = beginning.toString("hex", 0, 8);
  const [format] = marks.find(([, mark]) => hex.startsWith(mark)) ?? [];
  if (format !== undefined) return format;
  if (beginning.toString("latin1", 257, 262) === "ustar") return "tar";
  return /^[\s\uFEFF]*</.test(beginning.toString("utf8")) ? "page" : "other";
}

/** Throws UserError where a stream is something else than it should be; `wanted` is what its reader takes. */
export function refuseFormat(beginning: Buffer, name: string, wanted: "tar" | "zip"): void {
  const format = formatOf(beginning);
  const isWanted = wanted === "zip" ? format === "zip" : ["tar", "gzip", "other"].includes(format);
  if (!isWanted) throw refusal(format, name);
}

function refusal(format: Format, name: string) {
  const bad = (what: string, way: Hint) => badArchive(name, what, { hint: way });
  switch (format) {
    case "empty":
      return bad("is empty", "make it or download it again");
    case "page":
      return bad("is a web page, not an archive", "look at it: the download may need a login");
    case "zip":
      return bad(
        "is a zip, which cannot be read from a pipe",
        hint`name the file: ${command("push app.zip")}`,
      );
    case "zstd":
    case "xz":
    case "bzip2":
    case "lz4":
      return bad(
        `is packed with ${format}, which is not read here`,
        hint`unpack it on the way: ${unpackers[format]} FILE | ${command("push -")}`,
      );
    case "gzip":
    case "tar":
    case "other":
      return bad("is not a zip", "take tar, tar.gz or zip");
  }
}
