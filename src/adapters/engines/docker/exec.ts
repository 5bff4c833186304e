import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { ProgramAsked } from "../../../core/actions/programs.ts";
import { tolerating } from "./client.ts";
import { detachKeys, programStreams, type Program } from "./program-streams.ts";

/** Signals a process of this host; false when it is gone. */
export type Kill = (pid: number, signal: NodeJS.Signals) => boolean;

interface Ending {
  readonly kill: Kill;
  /** For a program to end after it was asked to. */
  readonly graceMs: number;
}

/** Starts a program in a container that runs; `onId` gets its id before it runs. */
export async function enterContainer(
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
export async function leaveExec(exec: Docker.Exec, { kill, graceMs }: Ending): Promise<void> {
  await signalExec(exec, "SIGHUP", kill);
  if ((await ended(exec, graceMs)) === undefined) await signalExec(exec, "SIGKILL", kill);
}

/** Between two inspections, longer each time. */
const inspectMs = { first: 20, last: 1_000 };

/** The exit code of the program; undefined while it still runs after `timeoutMs`. */
async function ended(exec: Docker.Exec, timeoutMs: number): Promise<number | undefined> {
  let pause = inspectMs.first;
  for (let left = timeoutMs; left >= 0; left -= pause) {
    // oxlint-disable-next-line no-await-in-loop
    const info = await inspectExec(exec);
    if (info === undefined) return 137;
    if (!info.Running) return info.ExitCode ?? 137;
    // oxlint-disable-next-line no-await-in-loop
    await sleep(pause);
    pause = Math.min(pause * 1.5, inspectMs.last);
  }
  return undefined;
}

/** The engine passes no signal to an entered program, but names its process, which the runtime made the leader of a group. */
async function signalExec(exec: Docker.Exec, signal: NodeJS.Signals, kill: Kill): Promise<void> {
  const info = await inspectExec(exec);
  if (info?.Running === true && info.Pid > 1) kill(-info.Pid, signal);
}

/** The programs that were entered are gone with their container. */
const inspectExec = (exec: Docker.Exec): Promise<Docker.ExecInspectInfo | undefined> =>
  tolerating([404], exec.inspect());
