import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { instancePaths } from "../../src/core/server/instance.ts";
import { docker, type TestServer } from "./mypaas-e2e.ts";

/** The only tables that hold values; everything else must be without them. */
const tablesOfValues = ["env", "secret_files"];

/** Every place outside of those tables and the folder of the secrets where one of these texts can be found; `places` says how many were searched. */
export async function findTraces(
  server: TestServer,
  service: string,
  { texts, since }: { readonly texts: readonly string[]; readonly since: number },
): Promise<{ readonly places: number; readonly found: readonly string[] }> {
  const found: string[] = [];
  let places = 0;
  const look = (place: string, bytes: Uint8Array | string) => {
    places += 1;
    const all = Buffer.from(bytes);
    if (texts.some((text) => all.includes(text))) found.push(place);
  };
  const lookInto = async (place: string, stream: NodeJS.ReadableStream) => {
    places += 1;
    if (await streamHolds(stream, texts)) found.push(place);
  };
  await lookAtEngine({ server, service, since, look, lookInto });
  for (const [name, rows] of tablesOf(server)) look(`table ${name}`, rows);
  const { folder } = server.instance;
  const paths = instancePaths(server.instance);
  const own = [paths.database, `${paths.database}-wal`, `${paths.database}-shm`];
  for (const file of await filesBelow(folder)) {
    if (own.includes(file) || file.startsWith(`${paths.secrets}/`)) continue;
    look(relative(folder, file), await readFile(file));
  }
  const jobs = server.query("SELECT id FROM jobs WHERE service = ?", service);
  for (const { id } of jobs) {
    const said = await server.run(["logs", service, "--job", String(id), "-r", "prod"]);
    look(`mypaas logs --job ${String(id)}`, said.out + said.err);
  }
  for (const args of [
    ["env", service],
    ["releases", service],
    ["ps"],
    ["logs", service],
    ["doctor"],
  ]) {
    const said = await server.run([...args, "--json", "-r", "prod"]);
    look(`mypaas ${args.join(" ")}`, said.out + said.err);
  }
  // What the engine keeps of builds, images and containers beside their layers, which were saved above.
  for (const folderOf of ["buildkit", "image", "containers"])
    await lookInto(`/var/lib/docker/${folderOf}`, filesOf(`/var/lib/docker/${folderOf}`));
  return { places, found };
}

interface Looking {
  readonly server: TestServer;
  readonly service: string;
  readonly since: number;
  readonly look: (place: string, bytes: Uint8Array | string) => void;
  readonly lookInto: (place: string, stream: NodeJS.ReadableStream) => Promise<void>;
}

async function lookAtEngine({ server, service, since, look, lookInto }: Looking): Promise<void> {
  const instance = server.instance.name;
  const of = { label: [`mypaas.instance=${instance}`, `mypaas.service=${service}`] };
  const images = await docker.listImages({ filters: of });
  for (const { Id } of images) {
    const image = docker.getImage(Id);
    look(`image ${Id}`, JSON.stringify(await image.inspect()));
    look(`history of ${Id}`, JSON.stringify(await image.history()));
    await lookInto(`layers of ${Id}`, await image.get());
  }
  const everyone = { label: [`mypaas.instance=${instance}`] };
  for (const { Id, Names } of await docker.listContainers({ all: true, filters: everyone })) {
    const container = docker.getContainer(Id);
    look(`inspect ${Names.join()}`, JSON.stringify(await container.inspect()));
    const log = await container.logs({ stdout: true, stderr: true });
    look(`docker logs ${Names.join()}`, typeof log === "string" ? log : Buffer.from(log));
  }
  for (const { Id, Names } of await docker.listContainers({ all: true, filters: of }))
    await lookInto(`file system of ${Names.join()}`, await docker.getContainer(Id).export());
  const times = { since: Math.floor(since / 1000), until: Math.floor(Date.now() / 1000) };
  await lookInto("docker events", await docker.getEvents(times));
  look("docker system df", JSON.stringify(await docker.df()));
}

function tablesOf(server: TestServer): readonly (readonly [string, string])[] {
  const database = new DatabaseSync(instancePaths(server.instance).database, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const names = tables.map(({ name }) => String(name));
    return names
      .filter((name) => !tablesOfValues.includes(name))
      .map((name) => {
        const rows = database.prepare(`SELECT * FROM "${name}"`).all();
        const text = (_: string, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value;
        return [name, JSON.stringify(rows, text)] as const;
      });
  } finally {
    database.close();
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

const filesOf = (folder: string): NodeJS.ReadableStream =>
  spawn("tar", ["-cf", "-", "--ignore-failed-read", folder], {
    stdio: ["ignore", "pipe", "ignore"],
  }).stdout;

/** Whatever the texts' places among the pieces of the stream. */
async function streamHolds(
  stream: NodeJS.ReadableStream,
  texts: readonly string[],
): Promise<boolean> {
  const longest = Math.max(...texts.map((text) => Buffer.byteLength(text)));
  let rest = Buffer.alloc(0);
  let holds = false;
  for await (const piece of stream) {
    rest = Buffer.concat([rest, Buffer.from(piece)]);
    holds ||= texts.some((text) => rest.includes(text));
    rest = rest.subarray(Math.max(0, rest.length - longest));
  }
  return holds;
}
