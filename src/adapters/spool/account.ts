import { UserError } from "../../core/errors.ts";
import { diskFull, freeBytesOf, isDiskFull, mib } from "../disk-space.ts";
import { command, hint } from "../../core/hints.ts";

const gib = 1024 ** 3;
const defaultLimits = {
  /** Bytes of one request. */
  perRequest: 8 * gib,
  /** Bytes of all requests. */
  overall: 16 * gib,
  /** Requests with bytes in the spool. */
  requests: 64,
  /** Bytes that stay free on the disk. */
  reserve: gib / 2,
};
export type SpoolLimits = Readonly<typeof defaultLimits>;

export interface SpoolAccountOptions {
  readonly dir: string;
  readonly limits?: Partial<SpoolLimits>;
  /** Free bytes on the disk of a directory. */
  readonly freeBytes?: (dir: string) => Promise<number>;
}

/** Bytes of each request in the spool, with those reserved for running uploads. */
export interface SpoolAccount {
  /** Reserves bytes, or throws UserError. `finish` gets the number of bytes that were used. */
  readonly claim: (
    request: string,
    bytes: number,
  ) => Promise<{ readonly finish: (used: number) => void }>;
  /** Gives bytes back that are not stored any more; a full disk is no reason to refuse it. */
  readonly release: (request: string, bytes: number) => void;
  readonly set: (request: string, bytes: number) => void;
  readonly forget: (request: string) => void;
  /** Turns an error of a full disk into a UserError with numbers; returns any other error. */
  readonly explain: (error: unknown, bytes: number) => Promise<unknown>;
}

/** Starts an empty account. */
export function openSpoolAccount(options: SpoolAccountOptions): SpoolAccount {
  const { dir, freeBytes = freeBytesOf } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const used = new Map<string, number>();
  let promised = 0;
  const add = (request: string, bytes: number) =>
    used.set(request, Math.max(0, (used.get(request) ?? 0) + bytes));
  const release = (request: string, bytes: number) => {
    add(request, -bytes);
    if (used.get(request) === 0) used.delete(request);
  };
  const full = (free: number, bytes: number, cause?: unknown) =>
    diskFull(`${mib(free)} free for uploads`, { bytes, reserve: limits.reserve }, cause);

  function refuse(request: string, bytes: number): void {
    const own = used.get(request) ?? 0;
    if (!used.has(request) && used.size >= limits.requests)
      throw new UserError(`uploads: ${used.size} are open, at most ${limits.requests}`, {
        code: "busy",
        hint: hint`try again in some minutes: ${command("push")}`,
      });
    if (own + bytes > limits.perRequest)
      throw new UserError(
        `uploads: this push has ${mib(own)} stored and sends ${mib(bytes)}, at most ${mib(limits.perRequest)} are allowed`,
        { code: "too-large", hint: "leave large files out with .dockerignore" },
      );
    const total = [...used.values()].reduce((sum, each) => sum + each, 0);
    if (total + bytes > limits.overall)
      throw new UserError(
        `uploads: ${mib(total)} are stored and this push sends ${mib(bytes)}, at most ${mib(limits.overall)} are allowed`,
        { code: "busy", hint: hint`try again in some minutes: ${command("push")}` },
      );
  }

  return {
    claim: async (request, bytes) => {
      refuse(request, bytes);
      add(request, bytes);
      promised += bytes;
      const finish = (really: number) => {
        promised -= bytes;
        release(request, bytes - really);
      };
      const free = (await freeBytes(dir)) - promised;
      if (free >= limits.reserve) return { finish };
      finish(0);
      throw full(free + bytes, bytes);
    },
    release,
    set: (request, bytes) => void used.set(request, bytes),
    forget: (request) => void used.delete(request),
    explain: async (error, bytes) =>
      isDiskFull(error) ? full(await freeBytes(dir), bytes, error) : error,
  };
}
