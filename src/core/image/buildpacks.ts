import { isProcessName, web } from "../release/processes.ts";
import { show } from "../dockerfile/values.ts";
import { fieldsOf, type ImageConfig } from "./image-config.ts";

/** The label in which the lifecycle of buildpacks keeps what they said of the image. */
const metadataLabel = "io.buildpacks.build.metadata";

/** Starts any program of such an image, with the environment of its buildpacks. */
const launcher = "/cnb/lifecycle/launcher";
/** A link for each process; as the ENTRYPOINT it starts that one. */
const processFolder = "/cnb/process/";

/** True for the ENTRYPOINT of an image that buildpacks made. */
export const isLauncher = ([first = ""]: readonly string[]): boolean =>
  first === launcher || first.startsWith(processFolder);

/** How a container of an image with a launcher starts these words; as its CMD they would become words of the image's own process. */
export function launchWords(words: readonly string[]): {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
} {
  const [first = ""] = words;
  return isLauncher([first])
    ? { entrypoint: [first], command: words.slice(1) }
    : { entrypoint: [launcher], command: ["--", ...words] };
}

/** The processes that buildpacks gave an image. */
export interface BuildpackProcesses {
  /** By name, as the keys `mypaas.process.NAME` have them; `web` only where the ENTRYPOINT does not run it already. */
  readonly commands: ReadonlyMap<string, string>;
  readonly release: string | undefined;
  /** What cannot become a process, in words. */
  readonly warnings: readonly string[];
}

/**
 * Reads the processes in the label that buildpacks leave (the platform specification of Cloud Native Buildpacks). A process that runs
 * the same program as `web` is another name of it, as Java's buildpacks give several.
 */
export function buildpackProcesses({
  labels,
  entrypoint,
}: Pick<ImageConfig, "labels" | "entrypoint">): BuildpackProcesses {
  const label = labels[metadataLabel];
  const none = { commands: new Map<string, string>(), release: undefined, warnings: [] };
  if (label === undefined || !isLauncher(entrypoint)) return none;
  const listed = processesIn(label);
  if (listed === undefined) return { ...none, warnings: [`${metadataLabel}: is not JSON`] };
  const [first = ""] = entrypoint;
  const own = first.startsWith(processFolder) ? first.slice(processFolder.length) : undefined;
  const served = webOf(listed, own);
  const commands = new Map<string, string>();
  const warnings: string[] = [];
  if (served !== undefined && served.type !== own) commands.set(web, pathOf(served));
  for (const one of listed) {
    if (one === served || one.type === "release" || one.program === served?.program) continue;
    if (isProcessName(one.type)) commands.set(one.type, pathOf(one));
    else
      warnings.push(
        `${metadataLabel}: process "${show(one.type)}" does not run, because a process should be called by letters a-z, digits and hyphens, at most 30`,
      );
  }
  const release = listed.find(({ type }) => type === "release");
  return { commands, release: release && pathOf(release), warnings };
}

interface Listed {
  readonly type: string;
  /** Equal for the same words in the same folder. */
  readonly program: string;
}

function processesIn(label: string): readonly Listed[] | undefined {
  const read = fieldsOf(parsed(label))["processes"];
  if (read === undefined || read === null) return parsed(label) === undefined ? undefined : [];
  return (Array.isArray(read) ? read : []).map(fieldsOf).flatMap((one) => {
    const { type, command, args, direct, "working-dir": folder } = one;
    if (typeof type !== "string" || !/^[\w.-]+$/.test(type)) return [];
    // Older lifecycles write the command as text.
    const words = [command, args].flat().filter((word) => typeof word === "string");
    return [{ type, program: JSON.stringify([words, direct === true, folder]) }];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The process that gets the requests: the one of that name, else the one that the image runs. */
const webOf = (listed: readonly Listed[], own: string | undefined): Listed | undefined =>
  listed.find(({ type }) => type === web) ?? listed.find(({ type }) => type === own);

const pathOf = ({ type }: Listed): string => `${processFolder}${type}`;
