import { Readable } from "node:stream";
import type { SpoolWithUnnamed } from "../../adapters/spool/spool.ts";
import type { ImageDoor } from "../../core/registry/door.ts";
import { readManifest } from "../../core/registry/manifest.ts";
import {
  isRepository,
  isTag,
  readRegistryPath,
  sha256Of,
  type RegistryPath,
} from "../../core/registry/paths.ts";
import { refusalBody, refusalOf, RegistryRefusal } from "../../core/registry/refusal.ts";
import type { Clock } from "../../deploy/ports.ts";
import { manifestReader, putManifest, type ReadBody } from "./put-manifest.ts";
import { notAllowed, onlySha256, type Asked } from "./asked.ts";
import { openRepository } from "./repositories.ts";
import { listTags } from "./tags.ts";
import type { TokenGate } from "./token-gate.ts";
import { serveUpload, serveUploads } from "./uploads.ts";

export interface RegistryParts {
  readonly gate: TokenGate;
  /** The worker. */
  readonly door: ImageDoor;
  readonly spool: SpoolWithUnnamed;
  readonly clock: Clock;
  readonly onBug: (error: unknown) => void;
}

/** The door of images as a function from request to answer: the push half of the OCI distribution API, and so much of the pull half that clients see what they sent. */
export function registryApp(parts: RegistryParts): (request: Request) => Promise<Response> {
  const readManifestBody = manifestReader(parts.clock);
  return async (request) => {
    const answer = await serve({ ...parts, readManifestBody }, request).catch((error: unknown) => {
      const refusal = refusalOf(error);
      if (refusal.status === 500) parts.onBug(error);
      return refused(request, refusal);
    });
    answer.headers.set("docker-distribution-api-version", "registry/2.0");
    return answer;
  };
}

type Serving = RegistryParts & { readonly readManifestBody: ReadBody };

async function serve(parts: Serving, request: Request): Promise<Response> {
  const { gate, door, spool, clock } = parts;
  const url = new URL(request.url);
  const path = readRegistryPath(decodeURIComponent(url.pathname));
  const name = path !== undefined && "repository" in path ? path.repository : undefined;
  const header = request.headers.get("authorization") ?? undefined;
  const isService = name !== undefined && isRepository(name);
  const token = await gate.admit(header, isService ? name : undefined);
  if (path === undefined) throw noRoute();
  if (path.kind === "base") return Response.json({});
  if (name === undefined || !isService) throw noService(path.repository, url.host);
  const repository = openRepository(spool, door, name);
  const asked = { request, url, token, name, repository, clock };
  return answerOf(path, asked, parts);
}

type Place = Exclude<RegistryPath, { readonly kind: "base" }>;

async function answerOf(path: Place, asked: Asked, parts: Serving): Promise<Response> {
  const { method } = asked.request;
  const isRead = method === "GET" || method === "HEAD";
  switch (path.kind) {
    case "uploads":
      if (method === "POST") return serveUploads(asked, parts.spool.unnamed);
      break;
    case "upload":
      return serveUpload(asked, parts.spool.unnamed, path.upload);
    case "blob":
      if (isRead) return blobAnswer(asked, path.digest);
      break;
    case "manifest":
      if (isRead) return manifestAnswer(asked, path.reference);
      if (method === "PUT") return putManifest(asked, parts, path.reference);
      break;
    case "tags":
      if (isRead) return listTags(asked);
      break;
  }
  throw notAllowed(method);
}

async function blobAnswer({ request, repository, token }: Asked, digest: string) {
  const sha256 = sha256Of(digest);
  if (sha256 === undefined) throw onlySha256();
  const here = await repository.blob(sha256);
  const size = here?.size ?? (await repository.sizeOf(sha256, token));
  // The worker gives nothing back, so what is only there can be asked for and not be read.
  if (size === undefined || (here === undefined && request.method === "GET"))
    throw new RegistryRefusal("blob: not here", { status: 404, code: "BLOB_UNKNOWN" });
  const headers = {
    "content-type": "application/octet-stream",
    "content-length": String(size),
    "docker-content-digest": digest,
  };
  const isHead = request.method === "HEAD" || here === undefined;
  return new Response(isHead ? null : bodyOf(here.read()), { headers });
}

async function manifestAnswer({ request, repository }: Asked, reference: string) {
  const sha256 =
    sha256Of(reference) ?? (isTag(reference) ? await repository.tag(reference) : undefined);
  const found = sha256 === undefined ? undefined : await repository.manifest(sha256);
  if (found === undefined)
    throw new RegistryRefusal("manifest: not here", { status: 404, code: "MANIFEST_UNKNOWN" });
  const { mediaType } = readManifest(found.bytes);
  const headers = {
    "content-type": mediaType,
    "content-length": String(found.bytes.length),
    "docker-content-digest": `sha256:${found.sha256}`,
  };
  return new Response(request.method === "HEAD" ? null : Buffer.from(found.bytes), { headers });
}

const bodyOf = (bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> =>
  Readable.toWeb(Readable.from(bytes));

function refused(request: Request, refusal: RegistryRefusal): Response {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    ...refusal.headers,
  };
  // The rest of a refused body must not be read as the next request.
  if (request.body !== null) headers["connection"] = "close";
  const body = request.method === "HEAD" ? null : refusalBody(refusal);
  return new Response(body, { status: refusal.status, headers });
}

const noRoute = (): RegistryRefusal =>
  new RegistryRefusal("path: this server only takes images in", {
    status: 404,
    code: "UNSUPPORTED",
  });

const noService = (name: string, host: string): RegistryRefusal =>
  new RegistryRefusal(
    `repository ${name.slice(0, 100)}: should be the name of a service — docker push ${host}/NAME`,
    { status: 400, code: "NAME_INVALID" },
  );
