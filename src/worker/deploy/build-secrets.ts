import { scanDockerfile } from "../../core/dockerfile/comments.ts";
import { placeValues, type ServerValues } from "../../core/release/values.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { fingerprint, secretVersion } from "../../adapters/state/secrets.ts";
import type { State } from "../../adapters/state/state.ts";
import type { BuildSource, LoadSource } from "../../sources/source.ts";
import type { DesiredRelease } from "./desired-release.ts";

/**
 * A source whose builds may ask for secrets. Its id then depends on their values: another value is another image, although no file changed.
 * What the builder keeps of one service's steps is never taken for another's, for the same reason.
 */
export async function withBuildSecrets<S extends BuildSource | LoadSource>(
  state: State,
  source: S,
  { spec, values }: { readonly spec: Asking; readonly values: ServerValues },
): Promise<S> {
  if ("parts" in source) return source;
  const asked = secretsAsked(await source.dockerfile.read(), spec, values);
  if (asked.length === 0) return source;
  const all = Object.entries(values).map(([name, { value }]) => [name, value] as const);
  const known = all.filter(([name]) => asked.includes(name));
  const key = fingerprint(state, ["build", spec.service, ...known.flat()].join("\0")).slice(0, 32);
  const id = known.length === 0 ? source.id : `${source.id}+secrets ${key}`;
  return { ...source, id, secrets: { values: Object.fromEntries(all), key, asked } };
}

type Asking = Pick<ServiceSpec, "service" | "secrets">;

/** Names of the secrets that a build may ask for: those of its own mounts, and those that are there for builds alone, for steps that a base image brings along. A name made of build arguments may be any. */
function secretsAsked(
  dockerfile: Uint8Array,
  spec: Asking,
  values: ServerValues,
): readonly string[] {
  const { mounts } = scanDockerfile(new TextDecoder().decode(dockerfile));
  const ids = mounts.flatMap((mount) => (mount.type === "secret" ? [mount.id] : []));
  const isAnyMeant = ids.some((id) => id.includes("$"));
  const others = Object.entries(values).filter(
    ([name, { isSecret }]) =>
      isAnyMeant || (isSecret && !spec.secrets.some((file) => file.name === name)),
  );
  return [...new Set([...ids, ...others.map(([name]) => name)])];
}

/** The values of a push that is only planned: nothing is kept. */
export function plannedValues(
  state: State,
  spec: ServiceSpec,
  values: ServerValues,
): Pick<DesiredRelease, "env" | "secretFiles"> {
  const { env, files } = placeValues(spec, values);
  const versions = Object.entries(files).map(
    ([name, value]) => [name, secretVersion(state, spec.service, name, value)] as const,
  );
  return { env, secretFiles: Object.fromEntries(versions) };
}
