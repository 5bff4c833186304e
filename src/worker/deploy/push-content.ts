import { parseDockerfile } from "../../core/dockerfile/parse.ts";
import type { Say } from "../../core/wire/events.ts";
import { formatProblem, problemsError } from "../../core/dockerfile/problems.ts";
import { contentId, parseRequest } from "../../core/wire/request.ts";
import { UserError } from "../../core/errors.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { ManifestEntry, PushManifest, WantedBlob } from "../../core/wire/protocol.ts";
import type { ContextEntry } from "../../deploy/ports.ts";
import type { BlobStore } from "../../adapters/server/blob-store.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { requestBody } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";

/** What a job was asked to deploy, read out of the signed bytes and the blobs. */
export interface PushContent {
  /** Content id without the options. */
  readonly content: string;
  readonly manifest: PushManifest;
  readonly spec: ServiceSpec;
}

/** Longer ones are no Dockerfiles that anybody wrote. */
const maxDockerfileBytes = 4 * 1024 * 1024;

/** Reads the Dockerfile of a push; UserError with everything that is wrong in it. */
export async function readPush(
  { state, store }: { readonly state: State; readonly store: BlobStore },
  job: Job,
  say: Say,
): Promise<PushContent> {
  const body = requestBody(state, job.request);
  const request = body === undefined ? undefined : parseRequest(body);
  if (request?.action !== "push") throw new Error(`job ${job.id} has no push`);
  const manifest = request.push;
  const blob = dockerfileBlob(manifest);
  const { spec, problems, warnings } = parseDockerfile(
    await readAll(store.open(blob)),
    manifest.dockerfile,
  );
  for (const warning of warnings) {
    const { hint } = warning;
    say({ kind: "warning", text: formatProblem(warning), ...(hint !== undefined && { hint }) });
  }
  if (problems.length > 0) throw problemsError(problems);
  if (spec === undefined) throw new Error("a Dockerfile without problems and without a service");
  return { content: contentId(request), manifest, spec };
}

/** The build context, streamed out of the blobs. */
export function contextOf(manifest: PushManifest, store: BlobStore): readonly ContextEntry[] {
  return manifest.entries.map((entry) =>
    "link" in entry
      ? { path: entry.path, link: entry.link }
      : { path: entry.path, mode: entry.mode, size: entry.size, open: () => store.open(entry) },
  );
}

function dockerfileBlob(manifest: PushManifest): WantedBlob {
  const entry = manifest.entries.find(({ path }) => path === manifest.dockerfile);
  // A request without it was never accepted.
  if (entry === undefined || !isFile(entry)) throw new Error("a push without its Dockerfile");
  if (entry.size <= maxDockerfileBytes) return entry;
  throw new UserError(
    `${manifest.dockerfile}: ${entry.size} bytes, at most ${maxDockerfileBytes} are read`,
    { code: "bad-request", hint: "name a Dockerfile: mypaas push PATH" },
  );
}

/** True for an entry that has a blob. */
export function isFile(
  entry: ManifestEntry,
): entry is Extract<ManifestEntry, { readonly sha256: string }> {
  return "sha256" in entry;
}

async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
