import { docker, type TestServer } from "./mypaas-e2e.ts";
import { eventOf, type Said } from "./said-e2e.ts";
import { makeSource, type Source } from "./source-e2e.ts";

/** Says that it works every half second; ends at once where the page says so. */
const worker = `
const { readFileSync } = require("node:fs");
const { MYPAAS_RELEASE, MYPAAS_PROCESS, MYPAAS_SCALE } = process.env;
const page = readFileSync("page.txt", "utf8");
process.on("SIGTERM", () => process.exit(0));
if (page.includes("bad worker")) { console.error("no queue"); process.exit(3); }
console.log("begins: " + MYPAAS_PROCESS + " of " + MYPAAS_RELEASE + ", scale " + MYPAAS_SCALE);
setInterval(() => console.log("works"), 500);
`;

/** A service with a worker out of a Procfile. */
export const workerSource = (
  server: TestServer,
  service: string,
  keys: readonly string[],
): Promise<Source> =>
  makeSource(server, service, {
    keys,
    files: { "w.js": worker, Procfile: "worker: node w.js\n" },
  });

/** A container of a service, as its labels tell. */
export interface SeenReplica {
  readonly name: string;
  readonly process: string;
  readonly release: number;
  readonly state: string;
}

/** All containers of a service that are there, of whichever release. */
export async function replicasOf(
  server: TestServer,
  service: string,
): Promise<readonly SeenReplica[]> {
  const label = [`mypaas.instance=${server.instance.name}`, `mypaas.service=${service}`];
  const all = await docker.listContainers({ all: true, filters: { label } });
  return all
    .map(({ Names, Labels, State }) => ({
      name: Names[0]?.slice(1) ?? "",
      process: Labels["mypaas.process"] ?? "web",
      release: Number(Labels["mypaas.release"]),
      state: State,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What many changes of one service came to. */
export interface StoryCounts {
  readonly releases: number;
  /** Containers of an older release that were there when the receipt was said. */
  readonly oldAfterReceipt: readonly string[];
  /** Receipts after which not all processes ran. */
  readonly incomplete: readonly string[];
  /** By kind of change. */
  readonly changes: Readonly<Record<string, number>>;
}

/** Changes a service again and again: pushes, scales of web and worker, restarts, rollbacks, values; looks at all containers as soon as each receipt is said. */
export async function changeStory(
  server: TestServer,
  source: Source,
  { count, random }: { readonly count: number; readonly random: () => number },
): Promise<StoryCounts> {
  const { service } = source;
  const oldAfterReceipt: string[] = [];
  const incomplete: string[] = [];
  const changes: Record<string, number> = {};
  let releases = 0;
  const kinds = ["push", "push", "worker", "web", "restart", "rollback", "env"] as const;
  for (let at = 0; at < count; at += 1) {
    const kind = kinds[Math.floor(random() * kinds.length)] ?? "push";
    const few = 1 + Math.floor(random() * 3);
    if (kind === "push") await source.write("page.txt", `page ${at} ${random()}`);
    const running =
      kind === "push"
        ? server.startPush(source)
        : server.startCommand(
            {
              worker: ["scale", `${service}.worker`, String(few)],
              web: ["scale", service, String(few)],
              restart: ["restart", service],
              rollback: ["rollback", service],
              env: ["env", service, "set", `ROUND=${at}`],
            }[kind],
          );
    const isEnd = ({ kind: is }: { readonly kind: string }) =>
      ["receipt", "unchanged", "failed"].includes(is);
    const end = await running.saw(isEnd);
    const seen = await replicasOf(server, service);
    const said = await running.done;
    if (end.kind === "failed") throw new Error(`${kind}: ${said.out}${said.err}`);
    changes[kind] = (changes[kind] ?? 0) + 1;
    if (end.kind === "unchanged") continue;
    releases += 1;
    const { release } = eventOf(said, "receipt");
    const where = `${kind} ${at}, release ${release}`;
    for (const one of seen)
      if (one.release !== release) oldAfterReceipt.push(`${where}: ${one.name}`);
    const own = seen.filter((one) => one.release === release && one.state === "running");
    const wanted = scalesOf(server, service, release);
    for (const [process, replicas] of wanted) {
      const found = own.filter((one) => one.process === process).length;
      if (found !== replicas) incomplete.push(`${where}: ${found} of ${replicas} ${process}`);
    }
  }
  return { releases, oldAfterReceipt, incomplete, changes };
}

/** What a release that is stored says of its processes. */
function scalesOf(
  server: TestServer,
  service: string,
  number: number,
): ReadonlyMap<string, number> {
  const sql = "SELECT release FROM releases WHERE service = ? AND number = CAST(? AS INTEGER)";
  const [row] = server.query(sql, service, String(number));
  const { spec } = JSON.parse(String(row?.["release"])) as {
    readonly spec: {
      readonly scale: { readonly kind: string; readonly replicas?: number };
      readonly processes: readonly { readonly name: string; readonly replicas: number }[];
    };
  };
  return new Map([
    ["web", spec.scale.replicas ?? 1],
    ...spec.processes.map(({ name, replicas }) => [name, replicas] as const),
  ]);
}

/** The release that a command made live. */
export const releaseOf = (said: Said): number => eventOf(said, "receipt").release;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
