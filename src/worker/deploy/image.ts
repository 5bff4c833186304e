import { formatBytes, formatFiles } from "../../core/format.ts";
import type { PushManifest } from "../../core/wire/protocol.ts";
import { UserError } from "../../core/errors.ts";
import { imageName, label } from "../../core/release/names.ts";
import type { BuildInput, Engine, ImageFacts } from "../../deploy/ports.ts";
import { listReleases, putRelease, type StoredRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import { asksForBuild, type Order } from "./desired-release.ts";
import type { Run } from "./deploy-context.ts";
import { contextOf } from "./push-content.ts";
import { command, hint } from "../../core/hints.ts";

export interface Image {
  readonly image: string;
  readonly facts: ImageFacts;
}

/** The image of the release that is repeated or of an earlier one with the same content, else a new one. */
export async function provideImage(run: Run, number: number): Promise<Image> {
  const { source } = run.order;
  return source.kind === "push"
    ? imageOfPush(run, number, source.manifest)
    : imageOf(run, source.of);
}

async function imageOf({ tools, job }: Run, { release, imageId }: StoredRelease): Promise<Image> {
  const facts = await tools.engine.inspectImage(release.image);
  if (facts?.id === imageId) return { image: release.image, facts };
  throw new UserError(
    `rollback ${job.service}: the image of release ${release.number} is not there any more`,
    { code: "no-rollback", hint: hint`push its files again: ${command("push")}` },
  );
}

async function imageOfPush(run: Run, number: number, manifest: PushManifest): Promise<Image> {
  const { job, order, spec, tools, say } = run;
  const kept = await keptImage(run.state, tools.engine, { ...order, service: job.service });
  if (kept !== undefined) {
    say({ kind: "note", text: `image of release ${kept.release} has this content, no build` });
    return kept;
  }
  const image = imageName(run.config.instance, spec.slug, number);
  say({ kind: "step", text: `building ${image} out of ${sizeOf(manifest)}` });
  return {
    image,
    facts: await tools.builder.build(buildInput(run, manifest, { number, tag: image })),
  };
}

/** The image of the newest release with the content of an order that may do without a build. */
export async function keptImage(
  state: State,
  engine: Pick<Engine, "inspectImage">,
  { service, content, source }: Pick<Order, "content" | "source"> & { readonly service: string },
): Promise<(Image & { readonly release: number }) | undefined> {
  if (asksForBuild({ source })) return undefined;
  for (const { release, imageId, content: known } of listReleases(state, service)) {
    if (known !== content || imageId === "") continue;
    const facts = await engine.inspectImage(release.image);
    if (facts?.id === imageId) return { image: release.image, facts, release: release.number };
  }
  return undefined;
}

/** What is sent to the builder, which takes a while for many or large files. */
function sizeOf({ entries }: PushManifest): string {
  const bytes = entries.reduce((sum, entry) => sum + ("size" in entry ? entry.size : 0), 0);
  return `${formatFiles(entries.length)}, ${formatBytes(bytes)}`;
}

function buildInput(
  run: Run,
  manifest: PushManifest,
  { number, tag }: { readonly number: number; readonly tag: string },
): BuildInput {
  const { spec, job, config, say } = run;
  return {
    service: job.service,
    dockerfile: manifest.dockerfile,
    context: contextOf(manifest, run.store),
    tag,
    target: spec.target,
    buildArgs: Object.fromEntries(spec.buildArgs.map(({ name, value }) => [name, value])),
    labels: {
      [label.instance]: config.instance,
      [label.service]: job.service,
      [label.release]: String(number),
    },
    options: manifest.options,
    onLine: (text) => say({ kind: "build", text }),
    signal: run.signal,
  };
}

/** The image that serves, and so many more to go back to. */
const keptImages = 1 + 5;

/** Removes images that no rollback needs; what Docker refuses to remove is tried again after the next deploy. */
export async function removeOldImages(run: Run): Promise<void> {
  const { state, job, tools } = run;
  const stored = listReleases(state, job.service).filter(({ imageId }) => imageId !== "");
  const served = stored.filter(({ state: was }) => ["live", "stopped", "retired"].includes(was));
  // The newest whatever became of it: trying the same content again needs no build.
  // Several releases may share one image: rollbacks, changed values.
  const ever = new Set(served.map(({ release }) => release.image));
  const kept = new Set([...ever].slice(0, keptImages));
  for (const { release } of stored.slice(0, 1)) kept.add(release.image);
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
