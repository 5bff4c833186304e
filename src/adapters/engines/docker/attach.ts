import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { label } from "../../../core/release/names.ts";
import type { ProgramAsked, TerminalAsked } from "../../../core/actions/programs.ts";
import { answering, openDocker, reaching, tolerating } from "./client.ts";
import type { ContainerPlan } from "./container-plan.ts";
import { createOptions } from "./create-options.ts";
import { enterContainer, leaveExec, type Kill } from "./exec.ts";
import { detachKeys, programStreams, type Program, type Size } from "./program-streams.ts";
import { ownedContainers, removeForGood } from "./owned.ts";
import { startError } from "./start-errors.ts";

export interface Programs {
  /** Starts a container of its own for it. */
  readonly run: (plan: ContainerPlan, terminal: TerminalAsked | undefined) => Promise<Program>;
  /** Starts a container without a terminal or streams. */
  readonly detach: (plan: ContainerPlan) => Promise<void>;
  /** Starts it in a container that runs; `onId` gets its id before it runs. */
  readonly enter: (
    container: string,
    asked: ProgramAsked,
    onId: (id: string) => void,
  ) => Promise<Program>;
  /** Ends a program that an earlier worker entered. */
  readonly leave: (exec: string) => Promise<void>;
  /** All one-off containers. */
  readonly list: () => Promise<readonly OneOff[]>;
  /** Asks, kills, removes; fine when it is gone. */
  readonly remove: (name: string) => Promise<void>;
}

export interface OneOff {
  readonly name: string;
  readonly isDetached: boolean;
  /** Milliseconds since the epoch; undefined while it runs. */
  readonly endedAt: number | undefined;
}

export interface ProgramsOptions {
  readonly instance: string;
  readonly socketPath: string;
  readonly kill: Kill;
  /** For a program to end after it was asked to. */
  readonly graceMs?: number;
}

/** One-off programs of one instance. */
export function createPrograms(options: ProgramsOptions): Programs {
  const { instance, socketPath, kill, graceMs = 10_000 } = options;
  const docker = openDocker(socketPath);
  const owned = ownedContainers(docker, instance);

  const removeGently = async (name: string) => {
    const container = await owned.take(name);
    if (container === undefined) return;
    await tolerating([404, 409], container.kill({ signal: "SIGHUP" }));
    await Promise.race([container.wait().catch(() => undefined), sleep(graceMs)]);
    await removeForGood(container);
  };

  const programs: Programs = {
    run: async (plan, terminal) => {
      const container = await docker.createContainer(interactive(plan, terminal));
      const wanted = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
      try {
        const socket = (await container.attach({ ...wanted, detachKeys })) as unknown as Duplex;
        await container.start();
        const resize = async ({ cols, rows }: Size) => {
          await tolerating([404, 409, 500], container.resize({ h: rows, w: cols }));
        };
        if (terminal !== undefined) await resize(terminal);
        return {
          ...programStreams(socket, terminal !== undefined),
          resize,
          signal: async (signal) => {
            await tolerating([404, 409], container.kill({ signal }));
          },
          end: async () => {
            // A service may be removed with all that runs of it.
            const ended: unknown = await tolerating([404], container.wait());
            await removeForGood(container);
            return (ended as { readonly StatusCode: number } | undefined)?.StatusCode ?? 137;
          },
          abandon: async () => {
            socket.destroy();
            await removeGently(plan.name);
          },
        };
      } catch (error) {
        await removeForGood(container);
        throw startError(plan.name, error) ?? error;
      }
    },

    detach: async (plan) => {
      const container = await docker.createContainer(createOptions(plan));
      try {
        await container.start();
      } catch (error) {
        await removeForGood(container);
        throw startError(plan.name, error) ?? error;
      }
    },

    enter: async (id, asked, onId) =>
      enterContainer(await owned.need(id), asked, { onId, kill, graceMs }),

    leave: (id) => leaveExec(docker.getExec(id), { kill, graceMs }),

    list: async () => {
      const filter = [`${label.instance}=${instance}`, `${label.role}=run`];
      const listed = await docker.listContainers({ all: true, filters: { label: filter } });
      const found = await Promise.all(listed.map(({ Id }) => owned.find(Id)));
      return found.flatMap((info) => {
        if (info === undefined) return [];
        const { Running, FinishedAt } = info.State;
        const isDetached = info.Config.Labels[label.run] === "detached";
        const endedAt = Running ? undefined : Math.max(0, Date.parse(FinishedAt));
        return [{ name: info.Name.replace(/^\//, ""), isDetached, endedAt }];
      });
    },

    remove: removeGently,
  };

  return {
    run: reaching(socketPath, programs.run),
    detach: reaching(socketPath, programs.detach),
    enter: reaching(socketPath, programs.enter),
    leave: reaching(socketPath, programs.leave),
    list: reaching(socketPath, () => answering(programs.list())),
    remove: reaching(socketPath, programs.remove),
  };
}

/** A program that is attached has no log of its own: its output would be stored once more. */
function interactive(plan: ContainerPlan, terminal: TerminalAsked | undefined) {
  const options = createOptions(
    terminal === undefined ? plan : { ...plan, env: { TERM: terminal.type, ...plan.env } },
  );
  return {
    ...options,
    Tty: terminal !== undefined,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: { ...options.HostConfig, LogConfig: { Type: "none", Config: {} } },
  };
}
