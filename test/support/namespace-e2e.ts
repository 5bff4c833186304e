import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun, run } from "../../scripts/machine/run.ts";
import type { Asked, Said } from "./namespace-client.ts";

/** Addresses of this machine and of its clients in the namespace, of both families. */
export const here = { four: "198.18.77.1", six: "fd07:5e77::1" } as const;
export const there = {
  four: "198.18.77.2",
  six: "fd07:5e77::2",
  otherFour: "198.18.77.3",
  otherSix: "fd07:5e77::3",
} as const;

export type Namespace = Awaited<ReturnType<typeof makeNamespace>>;

const [name, outer, inner] = ["t-e2eaddr", "t-e2eaddr-a", "t-e2eaddr-b"] as const;
const client = join(import.meta.dirname, "namespace-client.ts");

const switchOf = (device: string): string => `/proc/sys/net/ipv6/conf/${device}/disable_ipv6`;

/** A second machine, as far as addresses go: a network namespace beside this one, with a cable between the two. */
export async function makeNamespace() {
  await remove();
  const ip = (text: string) => mustRun("ip", text.split(" "));
  // A container may be without IPv6, where a machine is not.
  const six = await readFile(switchOf("lo"), "utf8");
  await writeFile(switchOf("lo"), "0");
  await ip(`netns add ${name}`);
  await ip(`link add ${outer} type veth peer name ${inner} netns ${name}`);
  await writeFile(switchOf(outer), "0");
  await ip(`addr add ${here.four}/24 dev ${outer}`);
  await ip(`-6 addr add ${here.six}/64 dev ${outer} nodad`);
  await ip(`link set ${outer} up`);
  for (const address of [there.four, there.otherFour])
    await ip(`-n ${name} addr add ${address}/24 dev ${inner}`);
  for (const address of [there.six, there.otherSix])
    await ip(`-n ${name} -6 addr add ${address}/64 dev ${inner} nodad`);
  // Programs in there reach each other over it.
  await ip(`-n ${name} link set lo up`);
  await ip(`-n ${name} link set ${inner} up`);
  /** Sends requests one after the other from in there, and gives the answers in their order. */
  const ask = async (asked: readonly Asked[]): Promise<readonly Said[]> => {
    const args = ["netns", "exec", name, process.execPath, client, JSON.stringify(asked)];
    return JSON.parse((await mustRun("ip", args)).out) as readonly Said[];
  };
  /** Starts a program in there; it ends with the test. */
  const start = (program: string, args: readonly string[]) =>
    spawn("ip", ["netns", "exec", name, program, ...args], { stdio: "inherit" });
  const end = async () => {
    await remove();
    await writeFile(switchOf("lo"), six);
  };
  return { ask, start, remove: end };
}

/** The cable goes with the namespace, and by itself where a test was killed in between. */
async function remove(): Promise<void> {
  await run("ip", ["netns", "delete", name]);
  await run("ip", ["link", "delete", outer]);
}
