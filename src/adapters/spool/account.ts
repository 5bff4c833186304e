import { UserError } from "../../core/errors.ts";
import { freeBytesOf, isDiskFull, mib } from "../disk-space.ts";
import { command, hint } from "../../core/hints.ts";

export interface SpoolLimits {
  /** Bytes of one request. */
  readonly perRequest: number;
  /** Bytes of all requests. */
  readonly overall: number;
  /** Requests that have bytes here. */
  readonly requests: number;
  /** Bytes that stay free on the disk. */
  readonly reserve: number;
}

const gib = 1024 ** 3;
export const defaultSpoolLimits: SpoolLimits = {
  perRequest: 8 * gib,
  overall: 16 * gib,
  requests: 64,
  reserve: gib / 2,
};

export interface SpoolAccountOptions {
  readonly dir: string;
  readonly limits?: Partial<SpoolLimits>;
  /** Bytes free for us on the disk of a directory. */
  readonly freeBytes?: (dir: string) => Promise<number>;
}

/** Who has how much in the spool, counting what is promised to uploads that are still running. */
export interface SpoolAccount {
  /** Sets bytes aside or throws UserError with the numbers; `settle` is told how many of them were used. */
  readonly claim: (
    request: string,
    bytes: number,
  ) => Promise<{ readonly settle: (used: number) => void }>;
  readonly set: (request: string, bytes: number) => void;
  readonly forget: (request: string) => void;
  /** Gives an error of a full disk its numbers; returns any other as it is. */
  readonly explain: (error: unknown, bytes: number) => Promise<unknown>;
}

/** Starts an empty account. */
export function openSpoolAccount(options: SpoolAccountOptions): SpoolAccount {
  const { dir, freeBytes = freeBytesOf } = options;
  const limits = { ...defaultSpoolLimits, ...options.limits };
  const used = new Map<string, number>();
  let promised = 0;
  const add = (request: string, bytes: number) =>
    used.set(request, Math.max(0, (used.get(request) ?? 0) + bytes));
  const full = (free: number, bytes: number, cause?: unknown) =>
    new UserError(
      `disk: ${mib(free)} free for uploads, this needs ${mib(bytes)} and ${mib(limits.reserve)} stay in reserve`,
      { code: "disk-full", hint: "make room on the server, see: docker system df", cause },
    );

  function refuse(request: string, bytes: number): void {
    const own = used.get(request) ?? 0;
    if (!used.has(request) && used.size >= limits.requests)
      throw new UserError(`uploads: ${used.size} are open, at most ${limits.requests}`, {
        code: "busy",
        hint: hint`try again in some minutes: ${command("push")}`,
      });
    if (own + bytes > limits.perRequest)
      throw new UserError(
        `uploads: this push has ${mib(own)} here and sends ${mib(bytes)}, at most ${mib(limits.perRequest)} may wait`,
        { code: "too-large", hint: "leave large files out with .dockerignore" },
      );
    const total = [...used.values()].reduce((sum, each) => sum + each, 0);
    if (total + bytes > limits.overall)
      throw new UserError(
        `uploads: ${mib(total)} are waiting and this sends ${mib(bytes)}, at most ${mib(limits.overall)} may wait`,
        { code: "busy", hint: hint`try again in some minutes: ${command("push")}` },
      );
  }

  return {
    claim: async (request, bytes) => {
      refuse(request, bytes);
      add(request, bytes);
      promised += bytes;
      const settle = (really: number) => {
        promised -= bytes;
        add(request, really - bytes);
        if (used.get(request) === 0) used.delete(request);
      };
      const free = (await freeBytes(dir)) - promised;
      if (free >= limits.reserve) return { settle };
      settle(0);
      throw full(free + bytes, bytes);
    },
    set: (request, bytes) => void used.set(request, bytes),
    forget: (request) => void used.delete(request),
    explain: async (error, bytes) => {
      if (!isDiskFull(error)) return error;
      return full(await freeBytes(dir), bytes, error);
    },
  };
}
