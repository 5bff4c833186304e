import { formatBytes, formatFiles } from "../../core/format.ts";
import type { PushManifest } from "../../core/wire/protocol.ts";
import { imageName, label } from "../../core/release/names.ts";
import type { BuildInput, ImageFacts } from "../../deploy/ports.ts";
import { listReleases, putRelease } from "../../adapters/state/releases.ts";
import type { Run } from "./run.ts";
import { contextOf } from "./push-content.ts";

export interface Image {
  readonly image: string;
  readonly facts: ImageFacts;
}

/** The image of an earlier release with the same content, or a new one. */
export async function provideImage(run: Run, number: number): Promise<Image> {
  const { state, job, push, spec, tools, say } = run;
  const { pull, noCache } = push.manifest.options;
  const known = listReleases(state, job.service).filter(
    ({ content, imageId }) => content === push.content && imageId !== "",
  );
  for (const { release, imageId } of pull || noCache ? [] : known) {
    const facts = await tools.engine.inspectImage(release.image);
    if (facts?.id !== imageId) continue;
    say({ kind: "note", text: `image of release ${release.number} has this content, no build` });
    return { image: release.image, facts };
  }
  const image = imageName(run.config.instance, spec.slug, number);
  say({ kind: "step", text: `building ${image} out of ${sizeOf(push.manifest)}` });
  return { image, facts: await tools.builder.build(buildInput(run, number, image)) };
}

/** What is sent to the builder, which takes a while for many or large files. */
function sizeOf({ entries }: PushManifest): string {
  const bytes = entries.reduce((sum, entry) => sum + ("size" in entry ? entry.size : 0), 0);
  return `${formatFiles(entries.length)}, ${formatBytes(bytes)}`;
}

function buildInput(run: Run, number: number, tag: string): BuildInput {
  const { push, spec, job, config, say } = run;
  return {
    service: job.service,
    dockerfile: push.manifest.dockerfile,
    context: contextOf(push.manifest, run.store),
    tag,
    target: spec.target,
    buildArgs: Object.fromEntries(spec.buildArgs.map(({ name, value }) => [name, value])),
    labels: {
      [label.instance]: config.instance,
      [label.service]: job.service,
      [label.release]: String(number),
    },
    options: push.manifest.options,
    onLine: (text) => say({ kind: "build", text }),
    signal: run.signal,
  };
}

/** How many releases one can go back to. */
const keptImages = 5;

/** Removes images that no rollback needs; what Docker refuses to remove is tried again after the next deploy. */
export async function removeOldImages(run: Run): Promise<void> {
  const { state, job, tools } = run;
  const stored = listReleases(state, job.service).filter(({ imageId }) => imageId !== "");
  const served = stored.filter(({ state: was }) => was === "live" || was === "retired");
  // The newest whatever became of it: trying the same content again needs no build.
  const wanted = [...stored.slice(0, 1), ...served.slice(0, keptImages)];
  const kept = new Set(wanted.map(({ release }) => release.image));
  const old = new Set(
    stored.map(({ release }) => release.image).filter((image) => !kept.has(image)),
  );
  for (const image of old) {
    try {
      await tools.engine.removeImage(image);
      for (const one of stored) {
        if (one.release.image === image) putRelease(state, { ...one, imageId: "" });
      }
    } catch {
      continue;
    }
  }
}
