import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { badImage } from "../../../core/image/image-config.ts";
import { isZstd, refuseZstd } from "../../../core/image/refusals.ts";
import type { ImagePart } from "../../../deploy/ports.ts";
import { codeOf } from "../../files.ts";

interface Named {
  /** Name of the image in messages. */
  readonly image: string;
  /** Version of the engine. */
  readonly engine: string;
  readonly signal: AbortSignal;
}

/**
 * Throws UserError "bad-image" for a layer whose content is not what the config says. The engine does not look at a layer that it has
 * already, under this id, from whatever image: without this check, the id alone would be enough to get the files of another service.
 */
export async function checkLayer(layer: ImagePart, diffId: string, named: Named): Promise<void> {
  if (diffId === `sha256:${layer.sha256}`) return;
  const { image, signal } = named;
  const unpack = unpacker(await beginOf(layer), named);
  const hash = createHash("sha256");
  try {
    const bytes = Readable.from(layer.open(), { objectMode: false });
    if (unpack !== undefined) await pipeline(bytes, unpack, hash, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!/^(?:Z_|ZSTD_)/.test(codeOf(error) ?? "")) throw error;
    throw badImage(image, `layer ${layer.sha256.slice(0, 12)}: cannot be unpacked`);
  }
  if (unpack !== undefined && `sha256:${hash.digest("hex")}` === diffId) return;
  throw badImage(image, `layer ${layer.sha256.slice(0, 12)}: is not the one that its config names`);
}

/** Undefined where the bytes are not compressed in a way that every image may be. */
function unpacker(begin: Uint8Array, { engine, image }: Named) {
  if (begin[0] === 0x1f && begin[1] === 0x8b) return createGunzip();
  if (!isZstd(begin)) return undefined;
  refuseZstd(engine, image);
  return createZstdDecompress();
}

/** The first bytes; their hash is checked where all of them are read. */
async function beginOf({ open }: ImagePart): Promise<Uint8Array> {
  for await (const chunk of open()) return chunk;
  return new Uint8Array();
}
