import { nameChanges, type Values } from "../../release/change.ts";
import type { BuildArgSpec } from "../../release/spec.ts";
import { object, text } from "../../stored/shape.ts";
import { didYouMean } from "../did-you-mean.ts";
import { bad, good, readVariable, type Read } from "../values.ts";
import {
  about,
  manyValues,
  oneValue,
  refuseTwice,
  type FileKeys,
  type Key,
  type SpecField,
} from "./key.ts";

const releaseRow = oneValue<"release">({
  name: "release",
  syntax: "command",
  fallback: "none",
  help: "Command to run once in the new image before the switch, such as a migration. When it fails, the deploy fails.",
  read: good,
  default: undefined,
  stored: text,
  text: (command) => command,
  write: (command) => command,
});

/** A Procfile's line `release:` is the same. */
const release = {
  ...releaseRow,
  merge: (file) => releaseRow.merge(file) ?? file.procfile.release,
} satisfies SpecField<string | undefined>;

const target = oneValue<"target">({
  name: "target",
  syntax: "stage",
  fallback: "the last stage",
  help: "The stage of the Dockerfile to build.",
  read: readTarget,
  default: undefined,
  stored: text,
  rule: checkTarget,
  text: (stage) => stage,
  write: (stage) => stage,
});

const buildArgs = manyValues<"buildArgs">({
  name: "build-arg",
  syntax: "K=V",
  fallback: "none",
  help: "A value for an ARG of the Dockerfile.",
  read: readBuildArg,
  stored: object<BuildArgSpec, "name" | "value">({ name: text, value: text }),
  rule: refuseTwice(({ name }) => name),
  title: "build args",
  text: ({ name }) => name,
  changes: (from, to) => nameChanges("build-arg", valuesOf(from?.value ?? []), valuesOf(to.value)),
});

export const buildFields = { release, target, buildArgs };

/** Reads a stage of the Dockerfile: its name or its number. */
function readTarget(text: string): Read<string> {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text)
    ? good(text)
    : bad("the name of a build stage", text);
}

function checkTarget(key: Key<string>, { values, stages, problems }: FileKeys): void {
  const [found] = values(key);
  if (found === undefined) return;
  const names = stages.filter((stage) => stage !== "");
  const wanted = found.value.toLowerCase();
  const isNumber = /^\d+$/.test(wanted) && Number(wanted) < stages.length;
  if (isNumber || names.some((name) => name.toLowerCase() === wanted)) return;
  const hint = () => {
    const near = didYouMean(wanted, names);
    if (near !== undefined) return `did you mean ${near}?`;
    return names.length === 0 ? "name it in the Dockerfile: FROM image AS name" : undefined;
  };
  problems.add(found, about(key, `no stage is named "${found.value}"`), hint);
}

function readBuildArg(text: string): Read<BuildArgSpec> {
  const variable = readVariable(text.includes("=") ? text : "", "NAME=value");
  if ("bad" in variable) return variable;
  return good({ name: variable.value.name, value: variable.value.value ?? "" });
}

const valuesOf = (args: readonly BuildArgSpec[]): Values =>
  new Map(args.map(({ name, value }) => [name, value]));
