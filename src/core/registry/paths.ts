import { serviceForm } from "../name-forms.ts";

/** A place of the OCI distribution API below `/v2/`. */
export type RegistryPath =
  | { readonly kind: "base" }
  /** Where an upload begins. */
  | { readonly kind: "uploads"; readonly repository: string }
  | { readonly kind: "upload"; readonly repository: string; readonly upload: string }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: string }
  /** `reference`: a tag or a digest. */
  | { readonly kind: "manifest"; readonly repository: string; readonly reference: string }
  | { readonly kind: "tags"; readonly repository: string };

export const registryBase = "/v2/";

/** True for a URL of the door of images. */
export const isRegistryUrl = (url: string): boolean => /^\/v2(?:\/|$)/.test(new URL(url).pathname);

/** Reads a path; undefined for one that the door of images does not know. */
export function readRegistryPath(path: string): RegistryPath | undefined {
  if (path === registryBase || path === registryBase.slice(0, -1)) return { kind: "base" };
  const [, repository, what, rest = ""] =
    /^\/v2\/(.{1,300}?)\/(blobs\/uploads|blobs|manifests|tags)(?:\/(.{0,300}))?$/.exec(path) ?? [];
  if (repository === undefined) return undefined;
  if (what === "tags") return rest === "list" ? { kind: "tags", repository } : undefined;
  if (what === "blobs/uploads")
    return rest === ""
      ? { kind: "uploads", repository }
      : { kind: "upload", repository, upload: rest };
  if (rest === "") return undefined;
  return what === "blobs"
    ? { kind: "blob", repository, digest: rest }
    : { kind: "manifest", repository, reference: rest };
}

/** A repository is a service: it has the name of one. */
export const isRepository = (name: string): boolean => serviceForm.test(name);

export const isTag = (text: string): boolean => /^\w[\w.-]{0,127}$/.test(text);

/** The sha256 in hex of a digest; undefined for any other, also of another algorithm. */
export const sha256Of = (digest: string): string | undefined =>
  /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
