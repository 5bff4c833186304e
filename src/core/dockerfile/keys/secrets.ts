import { settingChange, type Change, type Side } from "../../release/change.ts";
import type { SecretSpec, VolumeSpec } from "../../release/spec.ts";
import { isSecretName } from "../../release/values.ts";
import { object, text } from "../../stored/shape.ts";
import { bad, good, refuse, type Read } from "../values.ts";
import { isPlainPath, containerFields } from "./container.ts";
import { about, manyValues, refuseTwice, type Key, type Rule } from "./key.ts";

const refuseSamePath = refuseTwice<SecretSpec>(({ target }) => target);
const [volumeKey] = containerFields.volumes.keys as readonly Key<VolumeSpec>[];

const checkSecrets: Rule<SecretSpec> = (key, file) => {
  refuseSamePath(key, file);
  const volumes = volumeKey === undefined ? [] : file.values(volumeKey);
  for (const found of file.values(key)) {
    const { target } = found.value;
    const volume = volumes.find(({ value }) => value.target === target);
    if (volume !== undefined)
      file.problems.add(found, about(key, `${target} is already a volume, on line ${volume.line}`));
  }
};

const secrets = manyValues<"secrets">({
  name: "secret",
  syntax: "NAME or NAME:/path",
  fallback: "none",
  help: "A value as a file in the containers and not as an environment variable, without a path at /run/secrets/NAME. Set it with mypaas env SERVICE set NAME=V --secret.",
  read: readSecret,
  stored: object<SecretSpec, "name" | "target">({ name: text, target: text }),
  rule: checkSecrets,
  title: "secrets",
  text: ({ name, target }) => `${name} → ${target}`,
  changes: secretChanges,
});

export const secretFields = { secrets };

/** Reads `NAME` or `NAME:/path`. */
function readSecret(written: string): Read<SecretSpec> {
  // Whatever follows may be the secret itself, so no message shows it.
  if (written.includes("="))
    return refuse(
      "should be NAME or NAME:/path, without a value",
      "set the value on the server: mypaas env SERVICE set NAME=… --secret",
    );
  const colon = written.indexOf(":");
  const name = (colon < 0 ? written : written.slice(0, colon)).trim();
  if (!isSecretName(name))
    return bad("NAME or NAME:/path, the name of letters, digits, _ - and .", name);
  if (colon < 0) return good({ name, target: `/run/secrets/${name}` });
  const target = written.slice(colon + 1).trim();
  if (!isPlainPath(target)) return bad("an absolute path of a file after the colon", target);
  if (/^\/(proc|sys|dev)(\/|$)/.test(target))
    return refuse(`cannot replace ${target} in the container`);
  return good({ name, target });
}

/** Changes of the files by path; a value that changed is said, and never shown. */
function secretChanges(
  from: Side<readonly SecretSpec[]> | undefined,
  to: Side<readonly SecretSpec[]>,
): readonly Change[] {
  const [before, after] = [filesOf(from), filesOf(to)];
  return [...new Set([...after.keys(), ...before.keys()])].flatMap((target) => {
    const [was, is] = [before.get(target), after.get(target)];
    const isNewValue = was?.name === is?.name && was?.version !== is?.version;
    const text = isNewValue && is !== undefined ? `${is.name} with another value` : is?.name;
    return settingChange(`secret ${target}`, was?.name, text);
  });
}

interface FileValue {
  readonly name: string;
  readonly version: string | undefined;
}

function filesOf(side: Side<readonly SecretSpec[]> | undefined): ReadonlyMap<string, FileValue> {
  const { value = [], release } = side ?? {};
  return new Map(
    value.map(({ name, target }) => {
      const version = release?.secretFiles?.find((file) => file.target === target)?.version;
      return [target, { name, version }];
    }),
  );
}
