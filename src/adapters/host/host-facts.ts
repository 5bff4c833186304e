import { readdir, readFile, readlink } from "node:fs/promises";
import { networkInterfaces, platform } from "node:os";
import { basename, dirname } from "node:path";
import {
  defaultInterface,
  type Listener,
  overlap,
  parseListeners,
} from "../../core/server/proc-net.ts";
import { addressAndPort } from "../../core/server/listening.ts";
import { plainText } from "../../core/terminal-text.ts";
import { freeBytesOf } from "../disk-space.ts";
import { codeOf, readIfThere } from "../files.ts";

/** Such as `linux`. */
export const operatingSystem = (): string => platform();

/** Free bytes on the disk of a path, which need not exist yet. */
export async function freeBytes(path: string): Promise<number> {
  try {
    return await freeBytesOf(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || path === dirname(path)) throw error;
    return freeBytes(dirname(path));
  }
}

/** The process that listens on `address:port`, such as `nginx (pid 812)`; undefined without one. Listeners at the addresses `own`, such as `[::]:80`, do not count. */
export async function portHolder(
  address: string,
  port: number,
  own: readonly string[] = [],
): Promise<string | undefined> {
  const listener = (await listeners()).find(
    (one) =>
      one.port === port &&
      overlap(one.address, address) &&
      !own.includes(addressAndPort(one.address, port)),
  );
  if (listener === undefined) return undefined;
  return (await processOfSocket(listener.inode)) ?? "an unknown process";
}

/** False where the kernel has no IPv6, or where it is switched off on every interface. */
export async function hasIPv6(): Promise<boolean> {
  return ((await readIfThere("/proc/net/if_inet6"))?.length ?? 0) > 0;
}

async function listeners(): Promise<readonly Listener[]> {
  const texts = await Promise.all(["tcp", "tcp6"].map((name) => readIfThere(`/proc/net/${name}`)));
  return texts.flatMap((text) => parseListeners(text?.toString("utf8") ?? ""));
}

async function processOfSocket(inode: string): Promise<string | undefined> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  // One process after the other, because a server has thousands of descriptors.
  for (const pid of pids)
    if (await hasSocket(pid, inode)) return `${await programOf(pid)} (pid ${pid})`;
  return undefined;
}

/** From the command line, because the kernel's name may be that of a thread, such as `MainThread`. */
async function programOf(pid: string): Promise<string> {
  const line = (await readIfThere(`/proc/${pid}/cmdline`))?.toString("utf8") ?? "";
  return plainText(basename(/^[^\0 ]*/.exec(line)?.[0] ?? "")).replace(/:$/, "") || "a process";
}

async function hasSocket(pid: string, inode: string): Promise<boolean> {
  try {
    const names = await readdir(`/proc/${pid}/fd`);
    const links = await Promise.all(
      names.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")),
    );
    return links.includes(`socket:[${inode}]`);
  } catch {
    // The process has ended, or belongs to another user.
    return false;
  }
}

/** This machine's IPv4 address on the default route; undefined without that route. */
export async function defaultAddress(): Promise<string | undefined> {
  const name = defaultInterface((await readIfThere("/proc/net/route"))?.toString("utf8") ?? "");
  const addresses = name === undefined ? [] : (networkInterfaces()[name] ?? []);
  return addresses.find(({ family }) => family === "IPv4")?.address;
}

export interface Account {
  readonly name: string;
  readonly home: string;
}

/** A user of this machine by name or number; undefined when /etc/passwd has none. */
export async function findAccount(who: string | number): Promise<Account | undefined> {
  const text = await readFile("/etc/passwd", "utf8");
  for (const line of text.split("\n")) {
    const [name, , uid, , , home] = line.split(":");
    if (name === undefined || home === undefined || home === "") continue;
    if (typeof who === "number" ? uid === String(who) : name === who) return { name, home };
  }
  return undefined;
}
