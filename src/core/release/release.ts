import type { RouteSpec, ServiceSpec } from "./spec.ts";

/** One numbered version of a service with all decisions of the server. It is stored whole, so that rollback and recovery need nothing else. */
export interface Release {
  readonly instance: string;
  /** Counts up for each service and is never used again. */
  readonly number: number;
  /** `host: auto` is already replaced in `spec.routes`. */
  readonly spec: ServiceSpec;
  /** Image reference, `<instance>/<slug>:r<release that built it>`. */
  readonly image: string;
  /** The port that gets traffic and is probed; undefined for a worker process. */
  readonly port: number | undefined;
  /** The complete environment of its containers, MYPAAS_* included. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Files with values of `spec.secrets`; left out where there are none. */
  readonly secretFiles?: readonly SecretFile[];
  /** Routes of `spec` that another service has taken over while this release is live; its containers keep their labels. */
  readonly yielded?: readonly RouteSpec[];
  /** True when the image has its own HEALTHCHECK, which must pass too. */
  readonly imageHealthcheck: boolean;
  /** Left out for an image without the launcher of buildpacks. */
  readonly hasLauncher?: true;
}

/** A volume as Docker accepts it: `source` is a volume name or an absolute host path, and empty for `none`, which goes with its container. */
export interface Mount {
  readonly type: "volume" | "bind" | "none";
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** True for data that its Dockerfile does not name: the image declares it, and the release before had it. Only replicas get it. */
  readonly carried?: true;
}

/** A value that the containers of a release read from a file. The value itself lies beside the release, under `version`. */
export interface SecretFile {
  readonly name: string;
  /** The same for equal values of one name, and tells nothing of them. */
  readonly version: string;
  /** The file on the server. */
  readonly source: string;
  readonly target: string;
}

/** The values of the environment that were set on the server and are not in the Dockerfile. */
export function setOnServer({ env, spec }: Pick<Release, "env" | "spec">): readonly string[] {
  const written = new Map(spec.env.map(({ name, value }) => [name, value]));
  return Object.entries(env)
    .filter(([name, value]) => !name.startsWith("MYPAAS_") && written.get(name) !== value)
    .map(([, value]) => value);
}
