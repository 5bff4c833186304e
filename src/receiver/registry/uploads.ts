import type { UnnamedUploads } from "../../adapters/spool/unnamed-uploads.ts";
import { pacedBody } from "../../adapters/wire/request-body.ts";
import { RegistryRefusal } from "../../core/registry/refusal.ts";
import { sha256Of } from "../../core/registry/paths.ts";
import { maxBlobBytes } from "../../core/wire/protocol.ts";
import { notAllowed, onlySha256, type Asked } from "./asked.ts";

/** A client packs while it sends, so it may be slower than one that only reads. */
const pace = { windowMs: 120_000, minBytes: 16 * 1024 } as const;

/** Begins an upload, or takes it whole, or finds that it is not needed. */
export async function serveUploads(asked: Asked, unnamed: UnnamedUploads): Promise<Response> {
  const { url, repository, token } = asked;
  const mounted = sha256Of(url.searchParams.get("mount") ?? "");
  // From this repository alone: whether another has it is nobody's business.
  if (mounted !== undefined && (await repository.sizeOf(mounted, token)) !== undefined)
    return created(asked, mounted);
  const digest = url.searchParams.get("digest");
  const wanted = digest === null ? undefined : sha256Of(digest);
  if (digest !== null && wanted === undefined) throw onlySha256();
  const upload = await unnamed.begin(repository.folder);
  if (wanted === undefined) {
    const headers = { ...headersOf(asked, upload, 0), "oci-chunk-min-length": "1" };
    return new Response(null, { status: 202, headers });
  }
  await append(asked, unnamed, upload);
  await unnamed.finish(repository.folder, upload, wanted);
  return created(asked, wanted);
}

/** Goes on with an upload, ends it, or says how far it is. */
export async function serveUpload(
  asked: Asked,
  unnamed: UnnamedUploads,
  upload: string,
): Promise<Response> {
  const { request, url, repository } = asked;
  const { folder } = repository;
  const size = await sizeOf(unnamed, folder, upload);
  if (size === undefined)
    throw new RegistryRefusal("upload: not known here; begin it again", {
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    });
  switch (request.method) {
    case "GET":
    case "HEAD":
      return new Response(null, { status: 204, headers: headersOf(asked, upload, size) });
    case "DELETE":
      await unnamed.discard(folder, upload);
      return new Response(null, { status: 204 });
    case "PATCH": {
      const end = await append(asked, unnamed, upload, size);
      return new Response(null, { status: 202, headers: headersOf(asked, upload, end) });
    }
    case "PUT": {
      const sha256 = sha256Of(url.searchParams.get("digest") ?? "");
      if (sha256 === undefined) throw onlySha256();
      if (request.body !== null) await append(asked, unnamed, upload, size);
      await unnamed.finish(folder, upload, sha256);
      return created(asked, sha256);
    }
  }
  throw notAllowed(request.method);
}

async function sizeOf(unnamed: UnnamedUploads, folder: string, upload: string) {
  return /^[0-9a-f]{32}$/.test(upload) ? unnamed.sizeOf(folder, upload) : undefined;
}

async function append(
  asked: Asked,
  unnamed: UnnamedUploads,
  upload: string,
  size = 0,
): Promise<number> {
  const { request, repository, clock } = asked;
  const at = beginOf(request.headers.get("content-range"));
  if (at !== undefined && at !== size)
    throw new RegistryRefusal(`upload: goes on at ${size}, not at ${at}`, {
      status: 416,
      code: "BLOB_UPLOAD_INVALID",
      headers: headersOf(asked, upload, size),
    });
  const bytes = pacedBody(request.body, { pace: { ...pace, clock }, maxBytes: maxBlobBytes });
  return unnamed.append({ request: repository.folder, upload, at, bytes });
}

/** As the specification has it, without a unit; some clients write one. */
function beginOf(range: string | null): number | undefined {
  if (range === null) return undefined;
  const begin = /^(?:bytes[ =])?(\d{1,15})-\d{1,15}(?:\/.*)?$/.exec(range)?.[1];
  if (begin !== undefined) return Number(begin);
  throw new RegistryRefusal("content-range: should be BEGIN-END", {
    status: 400,
    code: "BLOB_UPLOAD_INVALID",
  });
}

/** A range of nothing cannot be written: `0-0` stands for it too. */
const headersOf = ({ name }: Asked, upload: string, size: number): Record<string, string> => ({
  location: `/v2/${name}/blobs/uploads/${upload}`,
  range: `0-${Math.max(0, size - 1)}`,
  "docker-upload-uuid": upload,
  "content-length": "0",
});

const created = ({ name }: Asked, sha256: string): Response =>
  new Response(null, {
    status: 201,
    headers: {
      location: `/v2/${name}/blobs/sha256:${sha256}`,
      "docker-content-digest": `sha256:${sha256}`,
    },
  });
