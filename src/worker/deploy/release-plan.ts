import type { ImageFacts } from "../../deploy/ports.ts";
import { volumeName } from "../../core/release/names.ts";
import type { Mount, Release, SecretFile } from "../../core/release/release.ts";
import { secretPath } from "../../adapters/host/secret-files.ts";
import { replicaCount, type ServiceSpec } from "../../core/release/spec.ts";

export interface ReleaseParts {
  readonly instance: string;
  readonly number: number;
  /** With `auto` replaced. */
  readonly spec: ServiceSpec;
  readonly image: string;
  readonly facts: PlanFacts;
  /** Values set on the server. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths of `~/…` volumes, by source. */
  readonly homes: ReadonlyMap<string, string>;
  /** Named volumes that the engine has under another name. */
  readonly adopted: ReadonlyMap<string, string>;
  /** Versions of the values of its files, by name of the secret. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** The folder of the files of all services. */
  readonly secretsDir: string;
}

/** What a plan needs to know of an image. */
export type PlanFacts = Pick<ImageFacts, "exposed" | "hasHealthcheck" | "user" | "hasLauncher">;

/** The facts before there is an image. */
export const nothingBuilt: PlanFacts = {
  exposed: [],
  hasHealthcheck: false,
  user: "",
  hasLauncher: false,
};

/** Decides all about a release, out of the spec, its image and the values set on the server. */
export function planRelease(parts: ReleaseParts): Release {
  const { instance, number, spec, image, facts, homes, adopted } = parts;
  const port = portOf(spec, facts.exposed);
  return {
    instance,
    number,
    spec,
    image,
    port,
    env: environment(parts, port),
    mounts: spec.volumes.map((volume): Mount => {
      const { target, readOnly } = volume;
      if (volume.kind === "none") return { type: "none", source: "", target, readOnly };
      if (volume.kind === "named") {
        const source = adopted.get(volume.source) ?? volumeName(instance, spec.slug, volume.source);
        return { type: "volume", source, target, readOnly };
      }
      const source = volume.kind === "home" ? homes.get(volume.source) : volume.source;
      if (source === undefined) throw new Error(`volume ${volume.source} was not resolved`);
      return { type: "bind", source, target, readOnly };
    }),
    ...(spec.secrets.length > 0 && { secretFiles: secretFiles(parts) }),
    imageHealthcheck: facts.hasHealthcheck,
    ...(facts.hasLauncher && { hasLauncher: true }),
  };
}

/** The owner of a file is a part of its name: the same value may have to be there for the users of two images. */
function secretFiles(parts: ReleaseParts): readonly SecretFile[] {
  const { spec, secretsDir, facts, secretFiles: versions } = parts;
  return spec.secrets.flatMap(({ name, target }) => {
    const version = Object.hasOwn(versions, name) ? versions[name] : undefined;
    if (version === undefined) return [];
    const source = secretPath(secretsDir, spec.slug, { version, user: facts.user });
    return [{ name, version, source, target }];
  });
}

/** True when two releases of one service would run the same way, whatever their numbers. */
export function runsTheSame(one: Release, other: Release): boolean {
  const comparable = (release: Release) =>
    JSON.stringify({
      ...release,
      number: 0,
      image: "",
      env: Object.entries({ ...release.env, MYPAAS_RELEASE: "" }).toSorted(([a], [b]) =>
        a < b ? -1 : 1,
      ),
    });
  return comparable(one) === comparable(other);
}

function portOf(spec: ServiceSpec, exposed: readonly number[]): number | undefined {
  if (spec.port !== undefined) return spec.port === "none" ? undefined : spec.port;
  if (exposed.length === 1) return exposed[0];
  return spec.routes.length > 0 ? 80 : undefined;
}

/** Values set on the server win over those in the Dockerfile; PORT is ours unless someone set it. */
function environment(parts: ReleaseParts, port: number | undefined): Record<string, string> {
  const { spec } = parts;
  const written = spec.env.flatMap(({ name, value }) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    ...(port !== undefined && { PORT: String(port) }),
    ...Object.fromEntries(written),
    ...parts.env,
    ...(port !== undefined && { MYPAAS_PORT: String(port) }),
    MYPAAS_SERVICE: spec.service,
    MYPAAS_RELEASE: String(parts.number),
    MYPAAS_SCALE: spec.scale.kind === "replace" ? "0" : String(replicaCount(spec.scale)),
  };
}
