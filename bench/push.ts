import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { build as bundle } from "esbuild";
import { dockerSocket } from "../scripts/machine/docker.ts";
import { label } from "../src/core/release/names.ts";
import { compare } from "./ratio.ts";
import type { Server } from "./prepare.ts";

const files = 50;
const hosts = { ours: "ours.localhost", floor: "floor.localhost" } as const;

/** From keystroke to the new bytes served through the same Traefik: 50 files of which one changed, `mypaas push` against bare calls to Docker. */
export async function pushes(server: Server, rounds: number) {
  const { instance } = server;
  const folders = {
    ours: join(instance.folder, "app", "ours"),
    floor: join(instance.folder, "app", "floor"),
  };
  await writeApp(folders.ours, hosts.ours, server.nodeImage);
  await writeApp(folders.floor, hosts.floor, server.nodeImage);
  const raw = join(instance.folder, "raw-docker.mjs");
  await bundleRaw(raw);
  const floorArgs = [raw, instance.name, folders.floor, hosts.floor];
  let round = 0;
  return compare(
    rounds,
    () => measure(server, "ours", [instance.program, "push", "bench"], folders.ours),
    () => measure(server, "floor", [...floorArgs, String((round += 1))], folders.floor),
  );
}

/** Plain JavaScript in one file, because the floor should not pay for types and imports. */
async function bundleRaw(outfile: string): Promise<void> {
  const entry = join(import.meta.dirname, "raw-docker.ts");
  const format = { bundle: true, platform: "node", format: "esm" } as const;
  // tar-stream is CommonJS and asks for its built-in modules by require.
  const require =
    'import { createRequire } from "node:module"; const require = createRequire("/");';
  await bundle({ ...format, entryPoints: [entry], outfile, banner: { js: require } });
}

async function writeApp(folder: string, host: string, image: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const dockerfile = [
    "# mypaas.servicename = ours",
    `# mypaas.domain = ${host}`,
    "# mypaas.port = 3000",
    "# mypaas.scale = 1",
    `FROM ${image}`,
    "WORKDIR /app",
    "COPY . .",
    'CMD ["node", "server.js"]',
    "",
  ];
  const program = `const version = require("node:fs").readFileSync("version.txt");
require("node:http").createServer((_, answer) => answer.end(version)).listen(3000);
process.on("SIGTERM", () => process.exit());
`;
  await writeFile(join(folder, "Dockerfile"), dockerfile.join("\n"));
  await writeFile(join(folder, "server.js"), program);
  // With version.txt that makes 50.
  for (let at = 0; at < files - 3; at += 1)
    await writeFile(join(folder, `file-${at}.txt`), randomBytes(3072).toString("base64"));
}

async function measure(
  server: Server,
  who: keyof typeof hosts,
  args: readonly string[],
  cwd: string,
): Promise<number> {
  const { instance } = server;
  const version = randomBytes(8).toString("hex");
  await writeFile(join(cwd, "version.txt"), version);
  await settled(instance.name);
  const begun = performance.now();
  const env = { ...instance.env, MYPAAS_BENCH_PORT: String(instance.httpPort) };
  const child = spawn(instance.node, args, { cwd, env, stdio: "pipe" });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (said += data.toString()));
  const ended = once(child, "close");
  const deadline = begun + 60_000;
  while ((await ask(instance.httpPort, hosts[who])) !== version) {
    if (performance.now() > deadline) throw new Error(`${who}: not live within 60 s\n${said}`);
    await sleep(5);
  }
  const ms = performance.now() - begun;
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`${who}: exit code ${code}\n${said}`);
  if (process.env["MYPAAS_BENCH_VERBOSE"] !== undefined) console.log(who, Math.round(ms), said);
  return ms;
}

/** Whatever the round before had to tidy up is over: one container of each at most, and ours has taken its final name. */
async function settled(instance: string): Promise<void> {
  const docker = new Docker({ socketPath: dockerSocket });
  for (const own of [label.service, "bench"]) {
    const filters = { label: [`${label.instance}=${instance}`, own] };
    for (let tries = 0; tries < 400; tries += 1) {
      const found = await docker.listContainers({ all: true, filters });
      const names = found.flatMap(({ Names }) => Names);
      if (names.length <= 1 && names.every((name) => !name.endsWith(".next.invalid"))) break;
      await sleep(100);
    }
  }
  await sleep(1000);
}

function ask(port: number, host: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const headers = { host, connection: "close" };
  const asked = request({ host: "127.0.0.1", port, headers, agent: false }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (more: string) => (text += more));
    answer.on("end", () => resolve(text));
    answer.on("error", () => resolve(""));
  });
  // A first release waits in Traefik for its name; a fresh question may be answered sooner.
  asked.setTimeout(1000, () => asked.destroy());
  asked.on("error", () => resolve(""));
  asked.end();
  return promise;
}
