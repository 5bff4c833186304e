import { hint, command } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { imageName, label } from "../../core/release/names.ts";
import type { Engine, ImageFacts } from "../../deploy/ports.ts";
import {
  asksForBuild,
  type BuildSource,
  type ImageSource,
  type LoadSource,
} from "../../sources/source.ts";
import { listReleases, putRelease, type StoredRelease } from "../../adapters/state/releases.ts";
import type { DeployContext } from "./deploy-context.ts";
import type { DesiredRelease } from "./desired-release.ts";

interface Image {
  readonly image: string;
  readonly facts: ImageFacts;
}

/** Provides the image of a deploy: one that the source names, one of an earlier release with the same content, else a new one. */
export async function provideImage(context: DeployContext, number: number): Promise<Image> {
  const { state, job, desired, tools, say } = context;
  const { source } = desired;
  if ("image" in source) return existingImage(context, source);
  const kept = await keptImage(tools.engine, listReleases(state, job.service), desired);
  if (kept === undefined)
    return "parts" in source
      ? loadedImage(context, source, number)
      : builtImage(context, source, number);
  const spared = "parts" in source ? "nothing to load" : "no build";
  say({ kind: "note", text: `image of release ${kept.release} has this content, ${spared}` });
  return kept;
}

async function existingImage({ tools, title }: DeployContext, source: ImageSource): Promise<Image> {
  const { reference, id } = source.image;
  const facts = await tools.engine.inspectImage(reference);
  if (facts?.id === id) return { image: reference, facts };
  throw new UserError(`${title}: ${source.describe()} is not there any more`, {
    code: "no-rollback",
    hint: hint`push its files again: ${command("push")}`,
  });
}

async function loadedImage(
  { spec, config, tools, say, signal }: DeployContext,
  source: LoadSource,
  number: number,
): Promise<Image> {
  const image = imageName(config.instance, spec.slug, number);
  say({ kind: "step", text: `loading ${image} out of ${source.describe()}` });
  return { image, facts: await tools.engine.load({ reference: image, ...source.parts, signal }) };
}

async function builtImage(
  { job, spec, config, tools, say, signal }: DeployContext,
  source: BuildSource,
  number: number,
): Promise<Image> {
  const image = imageName(config.instance, spec.slug, number);
  say({ kind: "step", text: `building ${image} out of ${source.describe()}` });
  const facts = await tools.builder.build({
    service: job.service,
    dockerfile: source.dockerfile.path,
    context: await source.context(),
    tag: image,
    target: spec.target,
    buildArgs: Object.fromEntries(spec.buildArgs.map(({ name, value }) => [name, value])),
    labels: {
      [label.instance]: config.instance,
      [label.service]: job.service,
      [label.release]: String(number),
    },
    options: source.options,
    ...(source.secrets !== undefined && { secrets: source.secrets }),
    onLine: (text) => say({ kind: "build", text }),
    signal,
  });
  return { image, facts };
}

/** The image of the newest of these releases with the content of a source that may do without a build. */
export async function keptImage(
  engine: Pick<Engine, "inspectImage">,
  releases: readonly StoredRelease[],
  { source }: Pick<DesiredRelease, "source">,
): Promise<(Image & { readonly release: number }) | undefined> {
  if (asksForBuild(source)) return undefined;
  for (const { release, imageId, content } of releases) {
    if (content !== source.id || imageId === "") continue;
    const facts = await engine.inspectImage(release.image);
    if (facts?.id === imageId) return { image: release.image, facts, release: release.number };
  }
  return undefined;
}

/** The image that serves, and so many more to go back to. */
const keptImages = 1 + 5;

/** The images of a service that no rollback needs; `releases` are all of it, newest first. */
export function oldImages(
  releases: readonly Pick<StoredRelease, "release" | "imageId" | "state">[],
): readonly string[] {
  const stored = releases.filter(({ imageId }) => imageId !== "");
  const served = stored.filter(({ state }) => ["live", "stopped", "retired"].includes(state));
  // Several releases may share one image: rollbacks, changed values.
  const ever = [...new Set(served.map(({ release }) => release.image))];
  // The newest whatever became of it: trying the same content again needs no build.
  const newest = stored.slice(0, 1).map(({ release }) => release.image);
  const kept = new Set([...ever.slice(0, keptImages), ...newest]);
  return [...new Set(stored.map(({ release }) => release.image))].filter(
    (image) => !kept.has(image),
  );
}

/** Removes images that no rollback needs, and those of builds that went on after their worker had ended; an image that Docker refuses to remove is tried again after the next deploy. */
export async function removeOldImages({ state, job, tools }: DeployContext): Promise<void> {
  const releases = listReleases(state, job.service);
  const known = new Set(releases.map(({ release }) => release.image));
  const built = await tools.engine.builtImages(job.service).catch(() => []);
  for (const image of built)
    if (!known.has(image)) await tools.engine.removeImage(image).catch(() => undefined);
  for (const image of oldImages(releases)) {
    try {
      await tools.engine.removeImage(image);
      for (const one of releases)
        if (one.release.image === image && one.imageId !== "")
          putRelease(state, { ...one, imageId: "" });
    } catch {
      continue;
    }
  }
}
