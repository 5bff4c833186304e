import { label } from "../core/release/names.ts";
import { gitImage } from "./host/git-image.ts";
import type { Infra } from "./engines/docker/infra.ts";

interface JailImageParts {
  readonly infra: Pick<Infra, "inspectImage" | "buildImage">;
  readonly instance: string;
  readonly packageRoot: string;
  readonly random: (bytes: number) => Buffer;
  readonly signal: AbortSignal;
}

/** Builds the image of git's jail unless the one of the host's present git is there; returns its reference. Throws UserError where the host has no git. */
export async function ensureJailImage({
  infra,
  instance,
  packageRoot,
  random,
  signal,
}: JailImageParts): Promise<{ readonly tag: string; readonly isNew: boolean }> {
  const { hash, tar } = await gitImage(packageRoot);
  const tag = `${instance}/git-jail:${hash.slice(0, 16)}`;
  if ((await infra.inspectImage(tag)) !== undefined) return { tag, isNew: false };
  const labels = { [label.instance]: instance };
  const id = random(16).toString("hex");
  await infra.buildImage({ tag, labels, tar: tar(), id, onLine: () => undefined, signal });
  return { tag, isNew: true };
}
