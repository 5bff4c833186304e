import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { label } from "../../../core/release/names.ts";
import type { ProgramAsked, TerminalAsked } from "../../../core/actions/programs.ts";
import { bounded, openDocker, reaching, tolerating } from "./client.ts";
import type { ContainerPlan } from "./container-plan.ts";
import { createOptions } from "./create-options.ts";
import { enterContainer, leaveExec, type Kill } from "./exec.ts";
import { detachKeys, programStreams, type Program } from "./program-streams.ts";
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

  return {
    run: reaching(socketPath, async (plan, terminal) => {
      const container = await docker.createContainer(interactive(plan, terminal));
      const wanted = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
      try {
        const socket = (await container.attach({ ...wanted, detachKeys })) as unknown as Duplex;
        await container.start();
        return {
          ...(await programStreams(socket, terminal, container)),
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
    }),

    detach: reaching(socketPath, async (plan) => {
      const container = await docker.createContainer(createOptions(plan));
      try {
        await container.start();
      } catch (error) {
        await removeForGood(container);
        throw startError(plan.name, error) ?? error;
      }
    }),

    enter: reaching(socketPath, async (id, asked, onId) =>
      enterContainer(await owned.need(id), asked, { onId, kill, graceMs }),
    ),

    leave: reaching(socketPath, (id) => leaveExec(docker.getExec(id), { kill, graceMs })),

    list: bounded(socketPath, async () =>
      (await owned.list("run")).map(({ Name, State, Config }) => ({
        name: Name.replace(/^\//, ""),
        isDetached: Config.Labels[label.run] === "detached",
        endedAt: State.Running ? undefined : Math.max(0, Date.parse(State.FinishedAt)),
      })),
    ),

    remove: reaching(socketPath, removeGently),
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
