import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { label } from "../../../core/release/names.ts";
import type { ProgramAsked, TerminalAsked } from "../../../core/actions/programs.ts";
import { bounded, openDocker, reaching, tolerating } from "./client.ts";
import { runPlan, type ContainerPlan, type OwnProgram } from "./container-plan.ts";
import { createOptions } from "./create-options.ts";
import { detachKeys, programStreams, type Program } from "./program-streams.ts";
import { ownedContainers, removeForGood } from "./owned.ts";
import { startError } from "./start-errors.ts";

export interface Programs {
  /** Starts a container of its own for it. */
  readonly run: (own: OwnProgram, terminal: TerminalAsked | undefined) => Promise<Program>;
  /** Starts a container without a terminal or streams. */
  readonly detach: (own: OwnProgram) => Promise<void>;
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

const planOf = ({ release, ...own }: OwnProgram, isDetached: boolean): ContainerPlan =>
  runPlan(release, { ...own, isDetached });

export interface OneOff {
  readonly name: string;
  readonly isDetached: boolean;
  /** Milliseconds since the epoch; undefined while it runs. */
  readonly endedAt: number | undefined;
}

export interface ProgramsOptions extends Pick<Ending, "kill"> {
  readonly instance: string;
  readonly socketPath: string;
  readonly graceMs?: number;
}

/** One-off programs of one instance. */
export function createPrograms(options: ProgramsOptions): Programs {
  const { instance, socketPath, kill, graceMs = 10_000 } = options;
  const docker = openDocker(socketPath);
  const owned = ownedContainers(docker, instance);

  /** Nothing is left of a container that does not start. */
  const begin = async <T>(
    options: Docker.ContainerCreateOptions,
    name: string,
    start: (container: Docker.Container) => Promise<T>,
  ): Promise<T> => {
    const container = await docker.createContainer(options);
    try {
      return await start(container);
    } catch (error) {
      await removeForGood(container);
      throw startError(name, error) ?? error;
    }
  };

  const removeGently = async (name: string) => {
    const container = await owned.take(name);
    if (container === undefined) return;
    await tolerating([404, 409], container.kill({ signal: "SIGHUP" }));
    await Promise.race([container.wait().catch(() => undefined), sleep(graceMs)]);
    // Some take SIGHUP for a wish to read their settings again, such as a database.
    await tolerating([304, 404], container.stop({ t: Math.ceil(graceMs / 1000) }));
    await removeForGood(container);
  };

  return {
    run: reaching(socketPath, (own, terminal) =>
      begin(interactive(planOf(own, false), terminal), own.name, async (container) => {
        const wanted = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
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
            await removeGently(own.name);
          },
        };
      }),
    ),

    detach: reaching(socketPath, (own) =>
      begin(createOptions(planOf(own, true)), own.name, async (container) => {
        await container.start();
      }),
    ),

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

interface Ending {
  /** Signals a process of this host; false when it is gone. */
  readonly kill: (pid: number, signal: NodeJS.Signals) => boolean;
  /** For a program to end after it was asked to. */
  readonly graceMs: number;
}

/** Starts a program in a container that runs; `onId` gets its id before it runs. */
async function enterContainer(
  container: Docker.Container,
  { command, terminal }: ProgramAsked,
  { onId, ...ending }: Ending & { readonly onId: (id: string) => void },
): Promise<Program> {
  const isTerminal = terminal !== undefined;
  const exec = await container.exec({
    Cmd: [...command],
    Tty: isTerminal,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    DetachKeys: detachKeys,
    ...(isTerminal && { Env: [`TERM=${terminal.type}`] }),
  });
  onId(exec.id);
  const socket: Duplex = await exec.start({ hijack: true, stdin: true, Tty: isTerminal });
  return {
    ...(await programStreams(socket, terminal, exec)),
    signal: (signal) => signalExec(exec, signal, ending.kill),
    end: async () => (await ended(exec, Infinity)) ?? 0,
    abandon: async () => {
      socket.destroy();
      await leaveExec(exec, ending);
    },
  };
}

/** Asks a program that was started in a container to end, and kills it when it does not. */
async function leaveExec(exec: Docker.Exec, { kill, graceMs }: Ending): Promise<void> {
  await signalExec(exec, "SIGHUP", kill);
  if ((await ended(exec, graceMs)) === undefined) await signalExec(exec, "SIGKILL", kill);
}

/** Between two inspections, longer each time. */
const inspectMs = { first: 20, last: 1_000 };

/** The exit code of the program; undefined while it still runs after `timeoutMs`. */
async function ended(exec: Docker.Exec, timeoutMs: number): Promise<number | undefined> {
  let pause = inspectMs.first;
  for (let left = timeoutMs; left >= 0; left -= pause) {
    const info = await inspectExec(exec);
    if (info === undefined) return 137;
    if (!info.Running) return info.ExitCode ?? 137;
    await sleep(pause);
    pause = Math.min(pause * 1.5, inspectMs.last);
  }
  return undefined;
}

/** The engine passes no signal to an entered program, but names its process, which the runtime made the leader of a group. */
async function signalExec(
  exec: Docker.Exec,
  signal: NodeJS.Signals,
  kill: Ending["kill"],
): Promise<void> {
  const info = await inspectExec(exec);
  if (info?.Running === true && info.Pid > 1) kill(-info.Pid, signal);
}

/** The programs that were entered are gone with their container. */
const inspectExec = (exec: Docker.Exec): Promise<Docker.ExecInspectInfo | undefined> =>
  tolerating([404], exec.inspect());
