import { execFile, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  open,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import Docker from "dockerode";
import { extract } from "tar-stream";
import { runBuild } from "../../src/adapters/engines/docker/build.ts";
import {
  packContext,
  tarContext,
  type ContextStream,
} from "../../src/adapters/engines/docker/build-context.ts";
import { openDocker } from "../../src/adapters/engines/docker/client.ts";
import { readRange } from "../../src/adapters/laptop/source-file.ts";
import { readSourceTree } from "../../src/adapters/laptop/source-tree.ts";
import { checkManifest, foldersAbove } from "../../src/core/push/manifest.ts";
import { pushSource } from "../../src/sources/push.ts";

const socketPath = "/var/run/docker.sock";
const docker = new Docker({ socketPath });
const label = "t-e2e-context";

/** What a build context may hold; a text is a file, `to` a link, `same` a hard link, `size` a file full of holes. */
export type Made =
  | string
  | { readonly text: string; readonly mode: number }
  | { readonly folder: number }
  | { readonly to: string }
  | { readonly same: string }
  | { readonly size: number };

export type Tree = Readonly<Record<string, Made>>;

/** Makes a folder with a Dockerfile that copies everything. */
export async function makeTree(tree: Tree): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "t-e2e-context-"));
  const dockerfile = "FROM scratch\nCOPY . /x\n";
  const modes: (readonly [path: string, mode: number])[] = [];
  const all: Tree = { Dockerfile: dockerfile, ...tree };
  for (const [name, made] of Object.entries(all)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof made === "string") await writeFile(path, made);
    else if ("text" in made) {
      await writeFile(path, made.text);
      modes.push([path, made.mode]);
    } else if ("folder" in made) {
      await mkdir(path, { recursive: true });
      modes.push([path, made.folder]);
    } else if ("to" in made) await symlink(made.to, path);
    else if ("same" in made) await link(join(root, made.same), path);
    else {
      await (await open(path, "w")).close();
      await truncate(path, made.size);
    }
  }
  for (const [path, mode] of modes) await chmod(path, mode);
  return root;
}

/** The bytes that `docker build` sends for a folder, caught on their way to the engine; undefined where it refuses the folder. */
async function sentByDocker(folder: string): Promise<Buffer | undefined> {
  const place = await mkdtemp(join(tmpdir(), "t-e2e-context-"));
  const socket = join(place, "docker.sock");
  let sent: Buffer | undefined;
  const server = createServer((request, answer) => {
    const headers = { "api-version": "1.41", ostype: "linux", "builder-version": "1" };
    answer.writeHead(200, { ...headers, "content-type": "application/json" });
    if (request.url?.includes("/build?") !== true) {
      answer.end("{}");
      return;
    }
    void buffer(request).then((bytes) => {
      sent = bytes;
      answer.end(`${JSON.stringify({ stream: "Successfully built x\n" })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const env = { ...process.env, DOCKER_BUILDKIT: "0", DOCKER_HOST: `unix://${socket}` };
    await promisify(execFile)("docker", ["build", folder], { env }).catch(() => undefined);
    return sent;
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(place, { recursive: true });
  }
}

/** The context that a push of a folder gives the engine; undefined where it refuses the folder. */
export async function sentByPush(folder: string): Promise<ContextStream | undefined> {
  const place = { dockerfile: join(folder, "Dockerfile"), context: folder };
  const tree = await readSourceTree(place).catch(() => undefined);
  if (tree === undefined) return undefined;
  const { dockerfile, entries, folders, files } = tree;
  const push = { dockerfile, entries, folders, options: { pull: false, noCache: false } };
  const problems = checkManifest(push);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const source = pushSource({ service: "web", push }, async function* ({ sha256, size }) {
    const file = files.get(sha256);
    if (file === undefined) throw new Error("a blob of no file");
    yield* readRange(file, 0, size);
  });
  return packContext(await source.context(), Date.now());
}

/** What `COPY . /x` makes of a folder: one line for each path, as `docker build` sends the folder and as a push does; undefined where the folder is refused. */
export async function bothWays(folder: string, builder: "buildkit" | "classic") {
  const docker = await sentByDocker(folder);
  const ours = await sentByPush(folder);
  const bytes = async function* () {
    yield docker ?? Buffer.alloc(0);
  };
  return {
    docker: docker === undefined ? undefined : await built(tarContext(bytes()), builder),
    ours: ours === undefined ? undefined : await built(ours, builder),
  };
}

/** The same for what is sent, without a build. A folder that a tar does not name is made with the mode 755 where something is below it. */
export async function bothTars(folder: string) {
  const docker = await sentByDocker(folder);
  const ours = await sentByPush(folder);
  return {
    docker: docker && withFolders(await listed(Readable.from([docker]))),
    ours: ours && withFolders(await listed(ours.stream)),
  };
}

function withFolders(lines: readonly string[]): readonly string[] {
  const known = lines.map((line) => JSON.parse(pathIn(line)) as string);
  const above = new Set(known.flatMap(foldersAbove));
  const implied = [...above].filter((path) => !known.includes(path));
  return [
    ...lines,
    ...implied.map((path) => lineOf(path, "directory", "0:0", `755 ${nothing}`)),
  ].toSorted();
}

/** Each line ends with its path. */
const pathIn = (line: string): string => /("(?:[^"\\]|\\.)*")$/.exec(line)?.[1] ?? "";

const lineOf = (path: string, kind: string, owner: string, what: string): string =>
  `${kind} ${owner} ${what} ${JSON.stringify(path)}`;

async function built(context: ContextStream, builder: "buildkit" | "classic") {
  const tag = `${label}/x:${randomBytes(6).toString("hex")}`;
  const build = {
    id: randomBytes(16).toString("hex"),
    context,
    builder,
    logins: [],
    service: "web",
    dockerfile: "Dockerfile",
    tag,
    target: undefined,
    buildArgs: {},
    labels: { [label]: "1" },
    options: { pull: false, noCache: false },
    onLine: () => undefined,
    signal: AbortSignal.timeout(120_000),
  };
  await runBuild(build, openDocker(socketPath));
  const container = await docker.createContainer({
    Image: tag,
    Cmd: ["x"],
    Labels: { [label]: "1" },
  });
  try {
    return await listed(await container.getArchive({ path: "/x" }));
  } finally {
    await container.remove({ force: true });
    await docker.getImage(tag).remove({ force: true });
  }
}

/** Type, mode, owner, size, hash and target of everything in a tar; a hard link counts as the file that it is. */
async function listed(tar: NodeJS.ReadableStream): Promise<readonly string[]> {
  const lines: string[] = [];
  const hashes = new Map<string, string>();
  const reading = tar.pipe(extract());
  for await (const entry of reading) {
    const { type, uid, gid, linkname } = entry.header;
    // Older docker clients add the type of the file to its mode.
    const mode = (entry.header.mode ?? 0) & 0o7777;
    const name = entry.header.name.replace(/\/$/, "");
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    const own = `${size} ${hash.digest("hex").slice(0, 16)}`;
    const content = type === "link" ? (hashes.get(linkname ?? "") ?? "?") : own;
    hashes.set(name, content);
    const kind = type === "link" ? "file" : type;
    const what =
      type === "symlink" ? `-> ${JSON.stringify(linkname)}` : `${mode.toString(8)} ${content}`;
    lines.push(lineOf(name, kind ?? "", `${uid}:${gid}`, what));
  }
  return lines.toSorted();
}

const nothing = `0 ${createHash("sha256").digest("hex").slice(0, 16)}`;

/** Removes what a test has left. */
export async function removeImages(): Promise<void> {
  await docker.pruneImages({ filters: { label: [`${label}=1`], dangling: ["true"] } });
}

/** Everything odd that a file system takes, in one tree. */
export const oddTree: Tree = {
  "a b/c d.txt": "spaces",
  "-rf": "dash",
  "back\\slash": "backslash",
  "C:\\x": "drive",
  "a\\..\\b": "dots",
  "two\nlines": "line end",
  "bell\u0007 tab\t": "controls",
  "quote'\"$(x)`": "shell",
  "*?[a]": "wildcards",
  "#x": "comment",
  "\u00fc nfc": "nfc",
  "u\u0308 nfd": "nfd",
  "u\u0308 both": "nfd of two",
  "\u00fc both": "nfc of two",
  "日本語/😀.txt": "wide",
  "\ufffd": "replacement",
  Case: "upper",
  case: "lower",
  "CASE/x": "folder",
  [`${"n".repeat(255)}`]: "long name",
  [`${"d".repeat(90)}/${"e".repeat(90)}/f`]: "more than 100 bytes",
  [`${"deep/".repeat(60)}file`]: "more than 256 bytes",
  [`${"é".repeat(120)}/${"é".repeat(120)}`]: "long and wide",
  "...": "dots",
  "..a/b.": "dots",
  empty: "",
  "modes/none": { text: "0", mode: 0 },
  "modes/key": { text: "secret", mode: 0o600 },
  "modes/group": { text: "g", mode: 0o640 },
  "modes/read": { text: "r", mode: 0o444 },
  "modes/write": { text: "w", mode: 0o666 },
  "modes/run": { text: "x", mode: 0o755 },
  "modes/own": { text: "x", mode: 0o700 },
  "modes/setuid": { text: "su", mode: 0o4755 },
  "modes/setgid": { text: "sg", mode: 0o2755 },
  "modes/sticky": { text: "t", mode: 0o1644 },
  "folders/private/x": "x",
  "folders/private": { folder: 0o700 },
  "folders/shared": { folder: 0o2775 },
  "folders/tmp": { folder: 0o1777 },
  "folders/none": { folder: 0 },
  "storage/cache/deep": { folder: 0o755 },
  ".venv/bin/python3": { to: "/usr/bin/python3" },
  "links/etc": { to: "/etc" },
  "links/out": { to: "../../../../etc/passwd" },
  "links/dangling": { to: "nowhere" },
  "links/loop": { to: "loop" },
  "links/self": { to: "." },
  "links/folder": { to: "../a b" },
  "links/long": { to: `${"t".repeat(120)}/${"u".repeat(120)}` },
  "links/odd": { to: "u\u0308 \n" },
  "hard/one": "the same",
  "hard/two": { same: "hard/one" },
  sparse: { size: 5_000_000 },
};

const base: Tree = {
  "a.log": "1",
  "b.log": "2",
  "keep.log": "3",
  "src/a.ts": "4",
  "src/deep/b.ts": "5",
  "src/deep/c.log": "6",
  "src/node_modules/x/y": "7",
  "node_modules/x/y": "8",
  "docs/README.md": "9",
  "docs/other.md": "10",
  "my file.txt": "11",
  "Readme.MD": "12",
  "hollow/x": "13",
  "[a]": "14",
  "dir/only/empty": { folder: 0o755 },
  "#hash": "15",
  "!bang": "16",
};

/** Lines of `.dockerignore` files. */
const ignored: readonly string[] = [
  "*.log\n!keep.log\n",
  "**/*.log\n",
  "**/node_modules\n",
  "node_modules/\n/docs\n./src/deep\n",
  "*\n!src\n",
  "*\n!src/deep/b.ts\n",
  "**\n!docs/README.md\n",
  "docs\n!docs/README.md\n",
  "docs/*\n!docs/README.md\ndocs/other.md\n",
  "hollow/*\n",
  "src/**/*.ts\n",
  "src/*/b.ts\n?.log\n[ab].log\n",
  "\uFEFF# comment\r\n\r\n  a.log  \r\n#b.log\r\n",
  "my file.txt\nreadme.md\n",
  "\\#hash\n\\!bang\n[[]a]\n",
  "! src\n*.log\n",
  "dir\n!dir/only\n",
  "src/../docs\n../a.log\n",
  ".dockerignore\nDockerfile\n",
  "[\n",
  "**/deep/**\n!**/c.log\n",
  "!.git\n",
];

/** The same files under each `.dockerignore`; one of them asks for `.git`. */
export const ignoreTrees: readonly (readonly [name: string, tree: Tree])[] = ignored.map((text) => {
  const git = text.includes(".git") ? { ".git/HEAD": "ref", ".git/config": "[core]" } : {};
  return [JSON.stringify(text), { ...base, ...git, ".dockerignore": text }];
});

const clientVersion = execFileSync("docker", ["--version"], { encoding: "utf8" });

/** Docker clients before 23 take some characters of a pattern for a regular expression, so their trees have no patterns by chance. */
const hasPatterns = Number(/ (\d+)\./.exec(clientVersion)?.[1]) >= 23;

/** A tree by chance, the same for the same seed (mulberry32). */
export function randomTree(seed: number): Tree {
  let state = seed;
  const chance = (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  const pick = <T>(from: readonly [T, ...T[]]): T => from[chance(from.length)] ?? from[0];
  const word = () =>
    Array.from({ length: 1 + chance(3) }, () =>
      pick(["a", "b", "B", "ab", ".x", "é", "日", " z", "\\", "*", "-", "+", "(", "$", "~", "'"]),
    ).join("");
  const tree: Record<string, Made> = {};
  const folders = [""];
  for (let count = 0; count < 60; count += 1) {
    const path = `${folders[chance(folders.length)]}${word()}`;
    if (path.trim() !== path || path in tree || folders.includes(`${path}/`)) continue;
    const kind = chance(10);
    if (kind < 3) {
      folders.push(`${path}/`);
      tree[path] = { folder: 0o755 };
    } else if (kind === 3) tree[path] = { to: pick(["/etc", "..", "a", "../../b", "é"]) };
    else tree[path] = { text: String(chance(5)), mode: chance(8) * 0o100 + chance(8) * 9 };
  }
  const names = Object.keys(tree);
  const lines = Array.from({ length: chance(6) }, () => {
    const path = names[chance(names.length)] ?? "a";
    const plain = path.replaceAll(/[\\*?[\]]/g, "?");
    const parts = plain.split("/");
    const wild = pick([
      plain,
      `${parts[0]}`,
      `**/${parts.at(-1)}`,
      `${parts[0]}/*`,
      "*",
      `${plain}/`,
    ]);
    // docker build without BuildKit finds no exception with a wildcard below a folder that is left out.
    return /[*?]/.test(wild) ? wild : `${pick(["", "!"])}${wild}`;
  });
  return lines.length === 0 || !hasPatterns
    ? tree
    : { ...tree, ".dockerignore": `${lines.join("\n")}\n` };
}
