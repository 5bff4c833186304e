import { formatBytes, formatDuration } from "../format.ts";
import { clockToleranceMs } from "../wire/protocol.ts";
import { failed, ok, warning, type Finding } from "./check.ts";

const warnShare = 0.15;
const failShare = 0.05;
const warnBytes = 2e9;

/** Judges the free bytes and the free inodes of one disk. */
export function judgeDisk(disk: {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** 0 when the file system has no count. */
  readonly totalInodes: number;
  readonly freeInodes: number;
}): Finding {
  const { path, totalBytes, freeBytes, totalInodes, freeInodes } = disk;
  const share = totalBytes === 0 ? 0 : freeBytes / totalBytes;
  const files = totalInodes === 0 ? 1 : freeInodes / totalInodes;
  const facts = `${path}: ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free (${percent(share)})`;
  const inodes = `${path}: ${percent(files)} of the inodes free`;
  const hint =
    "free disk space: docker system df, then docker image prune and docker builder prune";
  if (share < failShare) return failed(facts, hint);
  if (files < failShare) return failed(inodes, `find many small files: du --inodes -xs ${path}/*`);
  if (share < warnShare || freeBytes < warnBytes) return warning(facts, hint);
  if (files < warnShare) return warning(inodes, `find many small files: du --inodes -xs ${path}/*`);
  return ok(facts);
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;

export interface MemoryHealth {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
}

/** Reads `/proc/meminfo`; undefined for any other text. */
export function parseMemory(meminfo: string): MemoryHealth | undefined {
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(meminfo)?.[1]) * 1024;
  const memory = {
    totalBytes: bytes("MemTotal"),
    availableBytes: bytes("MemAvailable"),
    swapTotalBytes: bytes("SwapTotal"),
    swapFreeBytes: bytes("SwapFree"),
  };
  return Object.values(memory).every(Number.isFinite) ? memory : undefined;
}

const findHungry =
  "see which container uses it: docker stats --no-stream, then limit it with mypaas.maxmem";

/** Judges the memory left for a build or a second replica. */
export function judgeMemory(memory: MemoryHealth): Finding {
  const { totalBytes, availableBytes, swapTotalBytes, swapFreeBytes } = memory;
  const share = availableBytes / totalBytes;
  const swap =
    swapTotalBytes === 0
      ? "no swap"
      : `swap ${formatBytes(swapFreeBytes)} of ${formatBytes(swapTotalBytes)} free`;
  const facts = `${formatBytes(availableBytes)} of ${formatBytes(totalBytes)} available, ${swap}`;
  if (share < 0.03) return failed(facts, findHungry);
  if (share < 0.1 || availableBytes < 100e6) return warning(facts, findHungry);
  if (swapTotalBytes > 0 && swapFreeBytes / swapTotalBytes < 0.1) return warning(facts, findHungry);
  if (swapTotalBytes === 0 && totalBytes < 1.5e9)
    return warning(
      `${facts}: a build may be killed`,
      "add swap: fallocate -l 2G /swap && chmod 600 /swap && mkswap /swap && swapon /swap",
    );
  return ok(facts);
}

const warnClockMs = 30_000;

/** Compares the server's clock with the laptop's, in milliseconds. `roundTripMs`, the time of the request, is not counted. */
export function judgeClock(clocks: {
  readonly server: number;
  readonly here: number;
  readonly roundTripMs: number;
}): Finding {
  const apart = clocks.server - clocks.here;
  const ms = Math.max(0, Math.abs(apart) - clocks.roundTripMs);
  if (ms <= warnClockMs) return ok(`${formatDuration(ms)} apart`);
  const facts = `the server is ${formatDuration(ms)} ${apart > 0 ? "ahead" : "behind"}`;
  const hint = "synchronise both clocks: timedatectl set-ntp true";
  return ms > clockToleranceMs
    ? failed(`${facts}, so requests are refused`, hint)
    : warning(facts, hint);
}
