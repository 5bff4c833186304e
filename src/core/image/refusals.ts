import { UserError } from "../errors.ts";
import { badImage, type ImageConfig } from "./image-config.ts";

/** Throws UserError "wrong-platform" for an image that the processor of a server cannot run. */
export function refusePlatform(
  { platform }: Pick<ImageConfig, "platform">,
  server: string,
  image: string,
): void {
  if (platform !== server) throw wrongPlatform(platform, server, image);
}

/** The error for an image that is for other processors than that of a server. */
export const wrongPlatform = (platform: string, server: string, image: string): UserError =>
  new UserError(`image ${image}: is for ${platform}, this server is ${server}`, {
    code: "wrong-platform",
    hint: `build it for the server: docker build --platform ${server} …`,
  });

/** Throws UserError "bad-image" where the config names another number of layers than there are. */
export function refuseLayerCount(
  { diffIds }: Pick<ImageConfig, "diffIds">,
  layers: number,
  image: string,
): void {
  if (diffIds.length !== layers)
    throw badImage(image, `its config names ${diffIds.length} layers, and it has ${layers}`);
}

/** The first Docker Engine that reads layers in zstd. */
const zstdSince = 23;

/** True for the first bytes of what is compressed with zstd (RFC 8878). */
export const isZstd = (begin: Uint8Array): boolean =>
  [0x28, 0xb5, 0x2f, 0xfd].every((byte, at) => begin[at] === byte);

/** Throws UserError "zstd" where this version of Docker Engine cannot read a layer in zstd. */
export function refuseZstd(engine: string, image: string): void {
  const major = Number(/^\d+/.exec(engine)?.[0] ?? Number.NaN);
  if (!(major < zstdSince)) return;
  throw new UserError(
    `image ${image}: a layer is compressed with zstd, which Docker ${engine} on the server cannot read`,
    {
      code: "zstd",
      hint: `compress with gzip: docker buildx build --output type=registry,compression=gzip,force-compression=true …, or update Docker on the server to ${zstdSince} or later`,
    },
  );
}
