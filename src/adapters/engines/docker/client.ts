import { existsSync } from "node:fs";
import Docker from "dockerode";
import { UserError } from "../../../core/errors.ts";

const engineBinaries = ["/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd"];

/** The engine of one instance. */
export interface InstanceEngine {
  readonly docker: Docker;
  readonly instance: string;
  readonly socketPath: string;
}

/** A client of the engine behind exactly this socket: DOCKER_HOST and its relatives are ignored. */
export const openDocker = (socketPath: string): Docker =>
  new Docker({ socketPath, host: undefined, protocol: "http", timeout: undefined });

/** A call that dockerode has no method for, or one that loses a part of the answer; `options` are those of its modem. */
export const dial = <T>(
  docker: Docker,
  options: Parameters<Docker["modem"]["dial"]>[0],
): Promise<T> =>
  new Promise((resolve, reject) => {
    docker.modem.dial(options, (error: Error | null, result: unknown) => {
      if (error !== null && error !== undefined) reject(error);
      else resolve(result as T);
    });
  });

/** HTTP status of an answer that dockerode turned into an error. */
export function statusOf(error: unknown): number | undefined {
  const status = fieldOf(error, "statusCode");
  return typeof status === "number" ? status : undefined;
}

/** What the engine said, without the words that dockerode puts around it. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^\(HTTP code \d+\) .*? - /s, "").trim();
}

/** Runs a call to the engine; statuses listed in `fine` mean that its effect is already there and give undefined. */
export async function tolerating<T>(
  fine: readonly number[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && fine.includes(status)) return undefined;
    throw error;
  }
}

/** Wraps a method so that an engine that does not answer is a UserError instead of a socket's error. */
export function reaching<A extends readonly unknown[], R>(
  socketPath: string,
  method: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await method(...args);
    } catch (error) {
      throw unreachable(error, socketPath) ?? error;
    }
  };
}

/** The same, and the method always ends: `extraMs` of its arguments is the time that the call itself may take. */
export const bounded = <A extends readonly unknown[], R>(
  socketPath: string,
  method: (...args: A) => Promise<R>,
  extraMs: (...args: A) => number = () => 0,
): ((...args: A) => Promise<R>) =>
  reaching(socketPath, (...args) => answering(method(...args), extraMs(...args)));

/** The longest time for a call that the engine does at once on a healthy machine, also with a slow disk. */
const silenceMs = 60_000;

/** Ends the wait for a call that the engine never answers, such as one of a daemon that hangs; `extraMs` is what the call itself may take. */
export const answering = <T>(call: Promise<T>, extraMs = 0): Promise<T> =>
  within(silenceMs + extraMs, call, silent);

/** Ends the wait for a call after so many milliseconds with the error that `late` makes of them. */
export async function within<T>(
  ms: number,
  call: Promise<T>,
  late: (ms: number) => UserError,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late(ms)), ms);
  });
  try {
    return await Promise.race([call, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error for a call without an answer. */
export const silent = (ms: number): UserError =>
  new UserError(`docker: gave no answer within ${Math.round(ms / 1000)} s`, {
    code: "docker-silent",
    hint: "read Docker's log on the server: journalctl -u docker",
  });

/** The sentence for a socket that does not answer; undefined for any other error. */
export function unreachable(
  error: unknown,
  socketPath: string,
  binaries: readonly string[] = engineBinaries,
): UserError | undefined {
  if (fieldOf(error, "address") !== undefined && fieldOf(error, "address") !== socketPath)
    return undefined;
  const code = fieldOf(error, "code");
  const more = { code: "docker-unreachable", cause: error };
  if (code === "EACCES" || code === "EPERM") {
    const hint = "run the same command as root, with sudo";
    return new UserError(`docker: no permission to use ${socketPath}`, { ...more, hint });
  }
  const isAbsent = code === "ENOENT" && fieldOf(error, "syscall") === "connect";
  if (isAbsent && !binaries.some(existsSync)) {
    const hint = "install Docker Engine, on Debian and Ubuntu: apt-get install docker.io";
    return new UserError(`docker: not installed, ${socketPath} does not exist`, { ...more, hint });
  }
  if (code === "ECONNREFUSED" || isAbsent) {
    const hint = "start it: systemctl start docker";
    return new UserError(`docker: not running, no answer on ${socketPath}`, { ...more, hint });
  }
  return undefined;
}

/** Reads one property of a thrown value. */
export function fieldOf(error: unknown, name: string): unknown {
  if (typeof error !== "object" || error === null) return undefined;
  return (error as Readonly<Record<string, unknown>>)[name];
}
