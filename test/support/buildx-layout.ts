import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Manifest {
  readonly config: Descriptor;
}

interface Listed extends Descriptor {
  readonly platform: { readonly architecture: string; readonly os: string };
}

const oci = (kind: string) => `application/vnd.oci.image.${kind}.v1+json`;
const predicateType = "https://slsa.dev/provenance/v0.2";

/** Rewrites an OCI layout of one image as `docker buildx build --platform linux/s390x,…` leaves it: an index of one image for each platform and an attestation of each. Returns the index. */
export async function asBuildx(layout: string) {
  const read = async <T>(path: string) =>
    JSON.parse(await readFile(join(layout, path), "utf8")) as T;
  const blob = <T>({ digest }: Descriptor) => read<T>(join("blobs", digest.replace(":", "/")));
  const put = async (mediaType: string, content: object): Promise<Descriptor> => {
    const text = JSON.stringify(content);
    const sum = createHash("sha256").update(text).digest("hex");
    await writeFile(join(layout, "blobs", "sha256", sum), text);
    return { mediaType, digest: `sha256:${sum}`, size: Buffer.byteLength(text) };
  };
  const attestation = async ({ digest }: Descriptor): Promise<Listed> => {
    const type = "application/vnd.in-toto+json";
    const statement = await put(type, { predicateType, subject: [{ name: "_", digest }] });
    const rootfs = { type: "layers", diff_ids: [statement.digest] };
    const platform = { architecture: "unknown", os: "unknown" };
    const made = await put(oci("manifest"), {
      schemaVersion: 2,
      mediaType: oci("manifest"),
      config: await put(oci("config"), { ...platform, config: {}, rootfs }),
      layers: [{ ...statement, annotations: { "in-toto.io/predicate-type": predicateType } }],
    });
    const annotations = {
      "vnd.docker.reference.digest": digest,
      "vnd.docker.reference.type": "attestation-manifest",
    };
    const listed = { ...made, annotations, platform };
    return listed;
  };
  const [own] = (await read<{ readonly manifests: readonly Descriptor[] }>("index.json")).manifests;
  if (own === undefined) throw new Error(`${layout}: no image`);
  const manifest = await blob<Manifest>(own);
  const config = await blob<{ readonly architecture: string }>(manifest.config);
  const foreign = await put(oci("manifest"), {
    ...manifest,
    config: await put(oci("config"), { ...config, architecture: "s390x" }),
  });
  const image = ({ mediaType, digest, size }: Descriptor, architecture: string): Listed => ({
    mediaType,
    digest,
    size,
    platform: { architecture, os: "linux" },
  });
  const index = {
    schemaVersion: 2,
    mediaType: oci("index"),
    manifests: [
      image(foreign, "s390x"),
      image(own, config.architecture),
      await attestation(foreign),
      await attestation(own),
    ],
  };
  const listed = await put(oci("index"), index);
  const named = { ...listed, annotations: { "org.opencontainers.image.ref.name": "latest" } };
  const top = { schemaVersion: 2, mediaType: oci("index"), manifests: [named] };
  await writeFile(join(layout, "index.json"), JSON.stringify(top));
  return index;
}
