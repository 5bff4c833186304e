import { parseDockerfile } from "../../core/dockerfile/parse.ts";
import type { Say } from "../../core/wire/events.ts";
import { formatProblem, problemsError } from "../../core/dockerfile/problems.ts";
import { UserError } from "../../core/errors.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type {
  JobAction,
  ManifestEntry,
  PushManifest,
  WantedBlob,
} from "../../core/wire/protocol.ts";
import type { ContextEntry } from "../../deploy/ports.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import { refuseOtherService } from "./admit.ts";
import { command, hint } from "../../core/hints.ts";

/** Longer ones are no Dockerfiles that anybody wrote. */
const maxDockerfileBytes = 4 * 1024 * 1024;

/** The service that the Dockerfile of a push describes; UserError with everything that is wrong in it, or when it is another one. */
export async function readPush(
  store: BlobStore,
  action: PushAction,
  say: Say,
): Promise<ServiceSpec> {
  return readSpec(action, await readAll(store.open(dockerfileBlob(action.push))), say);
}

/** The service that the bytes of its Dockerfile describe; UserError as above. */
export function readSpec(
  { service, push: manifest }: Pick<PushAction, "service" | "push">,
  bytes: Uint8Array,
  say: Say,
): ServiceSpec {
  const { spec, problems, warnings } = parseDockerfile(bytes, manifest.dockerfile);
  for (const warning of warnings) {
    const { hint } = warning;
    say({ kind: "warning", text: formatProblem(warning), ...(hint !== undefined && { hint }) });
  }
  if (problems.length > 0) throw problemsError(problems);
  if (spec === undefined) throw new Error("a Dockerfile without problems and without a service");
  refuseOtherService(spec, service, manifest.dockerfile);
  return spec;
}

type PushAction = Extract<JobAction, { readonly action: "push" }>;

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
    { code: "bad-request", hint: hint`name a Dockerfile: ${command("push PATH")}` },
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
