import { buffer } from "node:stream/consumers";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import { takeBlob } from "../../adapters/spool/take-blob.ts";
import { knownSize } from "../../adapters/state/blobs.ts";
import { UserError } from "../../core/errors.ts";
import { maxConfigBytes, readImageConfig } from "../../core/image/image-config.ts";
import { imagePush } from "../../core/image/push.ts";
import { refusePlatform } from "../../core/image/refusals.ts";
import type { AskedDeploy, DeployEnd, ImageDoor } from "../../core/registry/door.ts";
import {
  maxManifestBytes,
  pickPlatform,
  readManifest,
  refuseOtherArtifact,
  type ImageManifest,
} from "../../core/registry/manifest.ts";
import { repositoryFolder } from "../../core/registry/spool-name.ts";
import { authoriseTouch } from "../../core/wire/permissions.ts";
import type { GrantedKey } from "../../core/wire/grant.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import { callerOfToken } from "../access/grants.ts";
import { followPush, pushHere, type PushHereParts } from "./push-here.ts";
import type { TakeBlob } from "./pushes.ts";

export interface ImageDoorParts extends PushHereParts {
  readonly store: BlobStore;
  /** Where the receiver writes; it may be hostile. */
  readonly spoolDir: string;
  /** The server's own name, under which images are pushed. */
  readonly domain: string | undefined;
  /** Such as `linux/amd64`; throws UserError while Docker does not answer. */
  readonly platform: () => Promise<string>;
}

/** Takes images in from the receiver; each call verifies the token anew. */
export function createImageDoor(parts: ImageDoorParts): ImageDoor {
  const { state, store, now } = parts;
  const callerFor = (token: string, repository: string): GrantedKey => {
    const caller = callerOfToken(parts, token);
    authoriseTouch(caller, "push", [repository], now());
    return caller;
  };
  return {
    check: async (token, repository) => {
      if (repository === undefined) callerOfToken(parts, token);
      else callerFor(token, repository);
    },
    sizeOf: async ({ token, repository, sha256 }) => {
      callerFor(token, repository);
      const size = knownSize(state, repository, sha256);
      if (size === undefined) return undefined;
      return (await store.has({ sha256, size })) ? size : undefined;
    },
    deploy: async (asked) => deploy(parts, asked, callerFor(asked.token, asked.repository)),
  };
}

async function deploy(
  parts: ImageDoorParts,
  asked: AskedDeploy,
  caller: GrantedKey,
): Promise<DeployEnd> {
  const { repository, tag } = asked;
  const image = `${parts.domain ?? ""}/${repository}:${tag}`.replace(/^\//, "");
  const server = await parts.platform();
  const manifest = await imageOf(parts, asked, { server, image });
  refuseOtherArtifact(manifest, image);
  const config = await smallBlob(parts, repository, manifest.config, maxConfigBytes);
  refusePlatform(readImageConfig(config, image), server, image);
  const layers = manifest.layers.map(({ sha256, size }) => ({ sha256, size }));
  const made = imagePush({ image, config, layers, name: repository, isGiven: true });
  const small = new Map(made.small.map(({ blob, bytes }) => [blob.sha256, bytes]));
  const take: TakeBlob = async (wanted) => {
    const bytes = small.get(wanted.sha256);
    await (bytes === undefined
      ? taken(parts, repository, wanted, parts.store)
      : parts.store.put(wanted, once(bytes)));
  };
  const from = { kind: "image", branch: tag };
  const options = { pull: false, noCache: false, from };
  const push = { ...made.push, options };
  const key = caller.fingerprint;
  const begun = await pushHere(parts, { key, service: repository, push, take });
  // The job goes on when nobody waits for it any more.
  return followPush(begun, new AbortController().signal);
}

/** The manifest that was sent, or the one for this server out of an index. */
async function imageOf(
  parts: ImageDoorParts,
  { repository, manifest: bytes }: AskedDeploy,
  { server, image }: { readonly server: string; readonly image: string },
): Promise<ImageManifest> {
  const sent = readManifest(bytes);
  if (sent.kind === "image") return sent;
  const picked = pickPlatform(sent, server, image);
  const inner = readManifest(await smallBlob(parts, repository, picked, maxManifestBytes));
  if (inner.kind === "image") return inner;
  throw new UserError(`image ${image}: its index names an index`, {
    code: "bad-manifest",
    hint: "push an image, or an index of images",
  });
}

/** A blob that is read here: out of the spool, or as the service has sent it before. */
async function smallBlob(
  parts: ImageDoorParts,
  repository: string,
  wanted: WantedBlob,
  maxBytes: number,
): Promise<Buffer> {
  const { state, store } = parts;
  const { sha256, size } = wanted;
  if (size > maxBytes)
    throw new UserError(`blob ${sha256}: ${size} bytes, at most ${maxBytes} are read`, {
      code: "bad-manifest",
    });
  if (knownSize(state, repository, sha256) === size && (await store.has(wanted)))
    return buffer(store.open(wanted));
  let read = Buffer.alloc(0);
  await taken(parts, repository, wanted, {
    put: async (_, bytes) => {
      read = await buffer(bytes);
    },
  });
  return read;
}

const taken = (
  { spoolDir }: ImageDoorParts,
  repository: string,
  wanted: WantedBlob,
  into: Pick<BlobStore, "put">,
): Promise<void> => takeBlob({ spoolDir, request: repositoryFolder(repository), wanted, into });

async function* once(bytes: Uint8Array) {
  yield bytes;
}
