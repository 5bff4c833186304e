import { createHash } from "node:crypto";
import { within } from "../../adapters/clock.ts";
import { readWhole } from "../../adapters/files.ts";
import { pacedBody, uploadPace } from "../../adapters/wire/request-body.ts";
import type { DeployEnd, ImageDoor } from "../../core/registry/door.ts";
import { maxManifestBytes, readManifest, type Manifest } from "../../core/registry/manifest.ts";
import { isTag, sha256Of } from "../../core/registry/paths.ts";
import { RegistryRefusal } from "../../core/registry/refusal.ts";
import { UserError } from "../../core/errors.ts";
import type { Clock } from "../../deploy/ports.ts";
import { jsonFields } from "../../core/actions/fields.ts";
import { onlySha256, type Asked } from "./asked.ts";

/** Takes a manifest in. One with a tag is a deploy, and the answer says how it ended. */
export async function putManifest(
  asked: Asked,
  { door, readManifestBody }: { readonly door: ImageDoor; readonly readManifestBody: ReadBody },
  reference: string,
): Promise<Response> {
  const { request, name, repository } = asked;
  const wanted = sha256Of(reference);
  if (wanted === undefined && reference.includes(":")) throw onlySha256();
  if (wanted === undefined && !isTag(reference))
    throw new RegistryRefusal("tag: should be 1 to 128 of letters, digits, dot, - and _", {
      status: 400,
      code: "TAG_INVALID",
    });
  const bytes = await readManifestBody(request.body);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (wanted !== undefined && found !== wanted)
    throw new RegistryRefusal(`manifest: its bytes have the digest sha256:${found}`, {
      status: 400,
      code: "DIGEST_INVALID",
    });
  const manifest = readManifest(bytes);
  await refuseMissing(asked, manifest);
  await repository.putManifest({ sha256: found, bytes });
  if (wanted === undefined) {
    await deploy(asked, { door, tag: reference, bytes });
    await repository.putTag(reference, found);
  }
  const { subject } = jsonFields(bytes.toString("utf8")) ?? {};
  const digest = (subject as { readonly digest?: unknown } | undefined)?.digest;
  const headers = {
    location: `/v2/${name}/manifests/sha256:${found}`,
    "docker-content-digest": `sha256:${found}`,
    ...(typeof digest === "string" && sha256Of(digest) !== undefined && { "oci-subject": digest }),
  };
  return new Response(null, { status: 201, headers });
}

export type ReadBody = (body: Request["body"]) => Promise<Buffer>;

/** Of all manifests that are being read at the same time. */
const maxBufferedBytes = 4 * maxManifestBytes;

/** Reads manifests, which share one limit. */
export function manifestReader(clock: Clock): ReadBody {
  const pace = { ...uploadPace, clock };
  let buffered = 0;
  return async (body) => {
    let own = 0;
    try {
      return await readWhole(pacedBody(body, { pace, maxBytes: maxManifestBytes }), (length) => {
        if (buffered + length > maxBufferedBytes)
          throw new UserError("server: too many manifests at once", { code: "busy" });
        buffered += length;
        own += length;
      });
    } finally {
      buffered -= own;
    }
  };
}

async function refuseMissing({ repository, token }: Asked, manifest: Manifest): Promise<void> {
  if (manifest.kind === "index") return;
  const parts = [manifest.config, ...manifest.layers].filter(({ isElsewhere }) => !isElsewhere);
  for (const { sha256 } of parts)
    if ((await repository.sizeOf(sha256, token)) === undefined)
      throw new RegistryRefusal(`manifest: sha256:${sha256} was not pushed to this repository`, {
        status: 404,
        code: "MANIFEST_BLOB_UNKNOWN",
      });
}

/** A proxy in front that gives up on slow answers, and says that it is there (RFC 8586, RFC 9110). */
const proxyPatienceMs = 90_000;
/** Longer than any deploy; the receiver's own limit for an answer. */
const patienceMs = 14 * 60_000;

/** Waits for the end of the deploy, so that the push of a release that does not start fails. */
async function deploy(
  { request, name, token, clock }: Asked,
  {
    door,
    tag,
    bytes,
  }: { readonly door: ImageDoor; readonly tag: string; readonly bytes: Uint8Array },
): Promise<void> {
  const isProxied = request.headers.has("cdn-loop") || request.headers.has("via");
  const ms = isProxied ? proxyPatienceMs : patienceMs;
  const ending = door.deploy({ token, repository: name, tag, manifest: bytes });
  // Nobody waits for it any more after that time.
  ending.catch(() => undefined);
  const end: DeployEnd | undefined = await within(ending, { clock, ms });
  if (end === undefined || end.isLive) return;
  throw new RegistryRefusal(end.text, { status: 403, code: "DENIED" });
}
