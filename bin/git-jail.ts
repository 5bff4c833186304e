// The program of git's jail, and of the pre-receive hook in it. It has no network and no rights; it may be taken over by
// what it reads, so the worker believes nothing that it says but what was said of the key that pushes. One file, no imports of ours.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, existsSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

const git = "/usr/bin/git";
const repository = "/repo";
const hookSocket = "/session/hook.sock";
const maxRepositoryBytes = 2 * 1024 * 1024 * 1024;
const manyPacks = 20;

/** What the worker asks for, as one JSON argument. */
interface Order {
  /** The commit that is live; without it nothing is. */
  readonly live?: string;
  readonly maxInputBytes: number;
}

/** Serves one push: brings the repository in order, then `git receive-pack` with our streams. */
async function receive({ live, maxInputBytes }: Order): Promise<void> {
  if (bytesBelow(repository) > maxRepositoryBytes) empty();
  if (!existsSync(join(repository, "HEAD"))) make();
  clean();
  showLive(live);
  const settings = [
    "core.hooksPath=/jail/hooks",
    `receive.maxInputSize=${maxInputBytes}`,
    "receive.unpackLimit=1",
    "receive.shallowUpdate=true",
    "receive.advertisePushOptions=true",
    "receive.autogc=false",
    "receive.denyDeletes=false",
    "receive.denyNonFastForwards=false",
    "receive.keepAlive=5",
    "transfer.fsckObjects=true",
    // Old trees that every git has read all the time.
    "receive.fsck.zeroPaddedFilemode=ignore",
    "pack.threads=1",
    "core.bigFileThreshold=8m",
  ];
  const child = spawn(
    git,
    [...settings.flatMap((one) => ["-c", one]), "receive-pack", repository],
    { stdio: "inherit" },
  );
  child.on("exit", (code) => {
    tidy();
    process.exit(code ?? 1);
  });
}

const make = () =>
  void spawnSync(git, ["init", "-q", "--bare", "--template=", "-b", "main", repository], {
    stdio: ["ignore", 2, 2],
  });

/** The repository is only a memory that makes pushes short; without it, the next one sends everything. */
function empty(): void {
  for (const name of readdirSync(repository))
    rmSync(join(repository, name), { recursive: true, force: true });
}

/** What a killed push left; only one push at a time is here. */
function clean(): void {
  const objects = join(repository, "objects");
  for (const name of readdirSync(objects))
    if (name.startsWith("tmp_objdir-") || name.startsWith("incoming-"))
      rmSync(join(objects, name), { recursive: true, force: true });
  for (const file of filesBelow(repository))
    if (file.endsWith(".lock")) rmSync(file, { force: true });
}

/** Lets the branch name the commit that is live: after a rollback, git would call a push of the last commit up to date. */
function showLive(live: string | undefined): void {
  const run = (...args: readonly string[]) =>
    spawnSync(git, ["--git-dir", repository, ...args], { encoding: "utf8" });
  const isKnown = live !== undefined && run("cat-file", "-e", `${live}^{commit}`).status === 0;
  const refs = run("for-each-ref", "--format=%(objectname) %(refname)").stdout.trim().split("\n");
  for (const [oid = "", name = ""] of refs.map((line) => line.split(" "))) {
    if (name === "" || oid === live) continue;
    run("update-ref", ...(isKnown ? [name, live] : ["-d", name]));
  }
}

function tidy(): void {
  const packs = join(repository, "objects", "pack");
  const count = existsSync(packs)
    ? readdirSync(packs).filter((name) => name.endsWith(".pack")).length
    : 0;
  if (count <= manyPacks) return;
  const args = ["-c", "pack.threads=1", "-c", "pack.windowMemory=64m", "repack", "-a", "-d", "-q"];
  spawnSync(git, ["--git-dir", repository, ...args], { stdio: "ignore" });
}

const filesBelow = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];

const bytesBelow = (folder: string): number =>
  filesBelow(folder).reduce((sum, file) => sum + statSync(file).size, 0);

interface Message {
  /** A line for the person who pushes. */
  readonly say?: string;
  /** The commit whose files are wanted, on a connection of their own that begins with `id`. */
  readonly archive?: string;
  readonly id?: string;
  /** Exit code of the hook. */
  readonly end?: number;
}

/** The pre-receive hook: tells the worker what is pushed, sends the files that it asks for, prints what it says. */
export function preReceive(): void {
  const refs = readFileSync(0, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [before, after, name] = line.split(" ");
      return { before, after, name };
    });
  const { env } = process;
  const count = Number(env["GIT_PUSH_OPTION_COUNT"] ?? 0);
  const options = Array.from({ length: count }, (_, at) => env[`GIT_PUSH_OPTION_${at}`]);
  const worker = connect(hookSocket);
  worker.write(`${JSON.stringify({ refs, options })}\n`);
  let text = "";
  let code = 1;
  worker.setEncoding("utf8");
  worker.on("data", (piece: string) => {
    text += piece;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      const message = JSON.parse(text.slice(0, at)) as Message;
      text = text.slice(at + 1);
      if (message.say !== undefined) process.stdout.write(`${message.say}\n`);
      if (message.archive !== undefined) sendFiles(message.archive, message.id ?? "");
      if (message.end !== undefined) code = message.end;
    }
  });
  worker.on("error", () => undefined);
  worker.on("close", () => process.exit(code));
}

/** One line of facts, then the tar. */
function sendFiles(commit: string, id: string): void {
  const socket: Socket = connect(hookSocket);
  socket.on("error", () => undefined);
  const read = (...args: readonly string[]) =>
    spawnSync(git, args, { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 }).stdout ?? "";
  const subject = read("log", "-1", "--format=%s", commit).trim();
  socket.write(`${JSON.stringify({ files: id, subject })}\n`);
  const archive = spawn(git, ["-c", "tar.umask=0022", "archive", "--format=tar", commit], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  archive.stdout.pipe(socket, { end: false });
  archive.on("close", (code) => (code === 0 ? socket.end() : socket.destroy()));
}

// At last: what stands above must be there.
if (process.argv[2] === "receive") void receive(JSON.parse(process.argv[3] ?? "{}") as Order);
