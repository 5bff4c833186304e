import { UserError } from "../../core/errors.ts";
import { isProcessName } from "../../core/release/processes.ts";
import type { CommandIo, ServiceArgs } from "../command.ts";
import { ask } from "../connect/ask.ts";

/** What a command is about: a service, or one process of it. */
export interface ProcessTarget {
  readonly service: string;
  readonly process?: string;
}

/** The options of a command that takes `SERVICE.PROCESS`. */
export interface ProcessArgs extends ServiceArgs {
  /** `--process NAME`. */
  readonly process?: string | undefined;
}

/**
 * Reads `web`, or `web.worker` where the service `web` has such a process. A dot may also stand in the name of a service, so the server
 * is asked about such a word; a service of that name comes first. Nobody is asked where the option names the process. Throws UserError "usage".
 */
export async function findTarget(
  args: ProcessArgs,
  commandName: string,
  io: CommandIo,
): Promise<ProcessTarget> {
  const { service: word, process } = args;
  if (process !== undefined) {
    if (isProcessName(process)) return { service: word, process };
    throw new UserError(
      `${commandName}: --process should be a name such as worker, got ${JSON.stringify(process)}`,
      { code: "usage", hint: "name it as in the Dockerfile: mypaas.process.NAME" },
    );
  }
  const dot = word.lastIndexOf(".");
  const [service, named] = [word.slice(0, dot), word.slice(dot + 1)];
  if (dot < 1 || !isProcessName(named)) return { service: word };
  if ((await processesOf(word, args, io)) !== undefined) return { service: word };
  const known = await processesOf(service, args, io);
  return known?.includes(named) === true ? { service, process: named } : { service: word };
}

/** The processes of what runs, or was stopped; undefined for a service that is not there, or that the key may not see. */
async function processesOf(
  service: string,
  args: ServiceArgs,
  io: CommandIo,
): Promise<readonly string[] | undefined> {
  const { releases } = await ask({ action: "release.list", service }, args, io).catch(
    (error: unknown) => {
      if (error instanceof UserError && ["forbidden", "no-service"].includes(error.code))
        return { releases: [] };
      throw error;
    },
  );
  if (releases.length === 0) return undefined;
  const now = releases.find(({ state }) => state === "live" || state === "stopped");
  return ["web", ...(now?.processes ?? [])];
}
