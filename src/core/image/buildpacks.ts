import { isProcessName, web } from "../release/processes.ts";
import { show } from "../dockerfile/values.ts";
import { fieldsOf, parseJson, type ImageConfig } from "./image-config.ts";

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
  /** Keys with their values, as labels would say them; of `web` only where the ENTRYPOINT does not run it already. */
  readonly keys: ReadonlyMap<string, string>;
  /** What cannot become a process, in words. */
  readonly warnings: readonly string[];
}

/**
 * Reads the processes in the label that buildpacks leave (the platform specification of Cloud Native Buildpacks). Those of a Procfile
 * run, as those of a Procfile beside a Dockerfile do; others, such as `console` or a second name of `web`, wait until they are scaled.
 */
export function buildpackProcesses({
  labels,
  entrypoint,
}: Pick<ImageConfig, "labels" | "entrypoint">): BuildpackProcesses {
  const label = labels[metadataLabel];
  const keys = new Map<string, string>();
  if (label === undefined || !isLauncher(entrypoint)) return { keys, warnings: [] };
  const listed = processesIn(label);
  if (listed === undefined) return { keys, warnings: [`${metadataLabel}: is not JSON`] };
  const warnings: string[] = [];
  const [first = ""] = entrypoint;
  const own = listed.find(({ type }) => `${processFolder}${type}` === first)?.type;
  const served = listed.some(({ type }) => type === web) ? web : own;
  for (const { type, isOfProcfile } of listed) {
    const path = `${processFolder}${type}`;
    if (type === served && type === own) continue;
    if (type === "release") keys.set("mypaas.release", path);
    else if (!isProcessName(type)) warnings.push(cannotRun(type));
    else {
      keys.set(`mypaas.process.${type}`, path);
      if (!isOfProcfile && type !== served) keys.set(`mypaas.process.${type}.scale`, "0");
    }
  }
  return { keys, warnings };
}

interface Listed {
  readonly type: string;
  readonly isOfProcfile: boolean;
}

function processesIn(label: string): readonly Listed[] | undefined {
  try {
    const { processes } = fieldsOf(parseJson(Buffer.from(label), metadataLabel));
    const all = Array.isArray(processes) ? processes.map(fieldsOf) : [];
    return all.flatMap(({ type, buildpackID: from }) =>
      typeof type === "string" && /^[\w.-]+$/.test(type)
        ? [{ type, isOfProcfile: typeof from === "string" && /\bprocfile$/i.test(from) }]
        : [],
    );
  } catch {
    return undefined;
  }
}

const cannotRun = (type: string): string =>
  `${metadataLabel}: process "${show(type)}" does not run, because a process should be called by letters a-z, digits and hyphens, at most 30`;
