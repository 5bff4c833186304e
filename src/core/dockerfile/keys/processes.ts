import { settingChange, type Change } from "../../release/change.ts";
import { isProcessName, web } from "../../release/processes.ts";
import { maxReplicas, type ProcessSpec } from "../../release/spec.ts";
import { count, listOf, object, text } from "../../stored/shape.ts";
import { bad, good, refuse, show, type Read } from "../values.ts";
import { buildFields } from "./build.ts";
import { refuseTwice, type FileKeys, type Key, type SpecField } from "./key.ts";

type Named<T> = { readonly name: string } & T;

const processKey: Key<Named<{ readonly command: string }>> = {
  name: "process.NAME",
  many: true,
  syntax: "command",
  fallback: "those of a Procfile beside the Dockerfile",
  help: "A program that runs beside the service, out of the same image, with its values and volumes: process.worker = node worker.js. No request reaches it. process.web is the command of the service itself.",
  pattern: /^process\.(?!.*\.scale$)(.*)$/i,
  read: (command, part) => {
    const name = readName(part, (only) => `process.${only}.scale`);
    return "bad" in name ? name : good({ name: name.value, command });
  },
};

const scaleKey: Key<Named<{ readonly replicas: number }>> = {
  name: "process.NAME.scale",
  many: true,
  syntax: "0 to 100",
  fallback: "1",
  help: "How many containers run that process. With 0 none runs.",
  pattern: /^process\.(.*)\.scale$/i,
  read: (written, part) => {
    if (part === web) return refuse("is the scale of the service", "write: # mypaas.scale = N");
    const name = readName(part);
    if ("bad" in name) return name;
    const replicas = /^\d{1,4}$/.test(written) ? Number(written) : NaN;
    return replicas <= maxReplicas
      ? good({ name: name.value, replicas })
      : bad(`a number from 0 to ${maxReplicas}`, written);
  },
};

/** A release with more has more containers than a server is made for. */
const maxProcesses = 20;

/** The command of `web`. A Procfile counts only where the Dockerfile itself does not say what runs. */
const command: SpecField<string | undefined> = {
  keys: [],
  default: undefined,
  stored: text,
  merge: (file) => {
    const written = file.values(processKey).find(({ value }) => value.name === web);
    const target = file.values(buildFields.target.key)[0]?.value;
    return written?.value.command ?? (file.hasProgram(target) ? undefined : file.procfile.web);
  },
  describe: (value) => (value === undefined ? [] : [{ title: "command", text: value }]),
  changes: (from, to) => settingChange("process.web", from?.value, to.value),
};

const processes: SpecField<readonly ProcessSpec[]> = {
  keys: [processKey, scaleKey],
  default: [],
  stored: listOf(
    object<ProcessSpec, "name" | "command" | "replicas">({
      name: text,
      command: text,
      replicas: count,
    }),
  ),
  merge: mergeProcesses,
  describe: (list) =>
    list.map(({ name, command: runs, replicas }) => ({
      title: "processes",
      text: `${name}: ${runs}${replicas === 1 ? "" : ` (${replicas} containers)`}`,
    })),
  changes: (from, to) => {
    const [before, after] = [from?.value ?? [], to.value];
    const names = new Set([...after, ...before].map(({ name }) => name));
    const of = (list: readonly ProcessSpec[], wanted: string) =>
      list.find(({ name }) => name === wanted);
    return [...names].flatMap((name) => processChanges(name, of(before, name), of(after, name)));
  },
};

export const processFields = { command, processes };

function processChanges(
  name: string,
  before: ProcessSpec | undefined,
  after: ProcessSpec | undefined,
): readonly Change[] {
  const isKept = before !== undefined && after !== undefined;
  const scale = (one: ProcessSpec | undefined): string | undefined =>
    one === undefined || (one.replicas === 1 && !isKept) ? undefined : String(one.replicas);
  return [
    ...settingChange(`process.${name}`, before?.command, after?.command),
    ...settingChange(`process.${name}.scale`, scale(before), scale(after)),
  ];
}

/** The lines of comments first; a Procfile adds those that no comment names. */
function mergeProcesses(file: FileKeys): readonly ProcessSpec[] {
  const { values, procfile, problems } = file;
  refuseTwice<{ readonly name: string }>(({ name }) => `process ${name}`)(processKey, file);
  refuseTwice<{ readonly name: string }>(({ name }) => `process ${name}`)(scaleKey, file);
  const written = values(processKey).flatMap(({ value }) =>
    value.name === web ? [] : [[value.name, value.command] as const],
  );
  const commands = new Map([...written, ...procfile.others, ...written]);
  const scales = values(scaleKey);
  for (const found of scales) {
    const { name } = found.value;
    if (!commands.has(name))
      problems.add(
        found,
        `mypaas.process.${name}.scale: no line says what ${name} runs`,
        `write: # mypaas.process.${name} = command`,
      );
  }
  const [first] = values(processKey);
  if (commands.size > maxProcesses)
    problems.add(
      first ?? { line: 1, column: 1 },
      `${commands.size} processes, at most ${maxProcesses} are possible`,
    );
  return [...commands].map(([name, runs]) => ({
    name,
    command: runs,
    replicas: scales.find(({ value }) => value.name === name)?.value.replicas ?? 1,
  }));
}

/** Reads the part of a name that the file has chosen. */
function readName(part: string, scaled?: (name: string) => string): Read<string> {
  if (part === "release")
    return refuse("release is what runs before the switch", "write: # mypaas.release = command");
  if (isProcessName(part)) return good(part);
  const [name = "", rest] = part.split(".");
  const meant = rest !== undefined && isProcessName(name) ? scaled?.(name) : undefined;
  return refuse(
    `a process should be called by letters a-z, digits and hyphens, at most 30, a letter first, got "${show(part)}"`,
    meant === undefined ? undefined : `did you mean mypaas.${meant}?`,
  );
}
