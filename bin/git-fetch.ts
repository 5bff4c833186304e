// The program of git's jail that fetches: an order on its input, one line of facts and a tar on its output, git's words on the other
// one. It reaches the egress proxy alone, writes no working tree, and gives its secret to git by the environment. One file, no imports of ours.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const git = "/usr/bin/git";
const repository = "/fetch/git";
const authorities = "/fetch/ca.pem";

/** What the worker asks for, as JSON on the input. */
interface Order {
  readonly url: string;
  readonly branch: string;
  /** Instead of the newest of the branch. */
  readonly commit?: string;
  readonly proxy: string;
  /** Certificates, PEM. */
  readonly ca: string;
  /** The value of an authorization header. */
  readonly authorization?: string;
  /** Of the pack. */
  readonly maxBytes: number;
  /** True: only says which commit the branch has. */
  readonly look?: boolean;
}

void run(JSON.parse(readFileSync(0, "utf8")) as Order);

async function run(order: Order): Promise<void> {
  writeFileSync(authorities, order.ca);
  const env = environment(order);
  // Forges send an address without .git on to the one with it.
  const urls = order.url.endsWith(".git") ? [order.url] : [order.url, `${order.url}.git`];
  let said = "";
  for (const url of urls) {
    const result = await (order.look === true ? look(url, order, env) : fetch(url, order, env));
    if (result === undefined) return;
    said = result;
    if (!/returned error: 30\d|from redirection/.test(said)) break;
  }
  process.stderr.write(said);
  process.exitCode = 1;
}

/** Undefined when it is done, else the words of git. */
async function look(
  url: string,
  { branch }: Order,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const { status, stdout, stderr } = spawnSync(git, ["ls-remote", "--", url, ref], {
    env,
    encoding: "utf8",
  });
  if (status !== 0) return stderr;
  const commit = stdout.split("\t")[0] ?? "";
  if (commit === "") return `fatal: couldn't find remote ref ${branch}\n`;
  process.stdout.write(`${JSON.stringify({ commit })}\n`);
  return undefined;
}

async function fetch(
  url: string,
  { branch, commit, maxBytes }: Order,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const read = (...args: readonly string[]) =>
    spawnSync(git, args, { env, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 }).stdout.trim();
  read("init", "-q", "--bare", "--template=", repository);
  const what = commit ?? `refs/heads/${branch}`;
  const flags = [
    "-q",
    "--depth",
    "1",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-commit-graph",
  ];
  const fetching = spawn(git, ["fetch", ...flags, "--", url, what], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  fetching.stderr.setEncoding("utf8").on("data", (piece: string) => {
    said = (said + piece).slice(-16_384);
  });
  let tooMuch = 0;
  const watching = setInterval(() => {
    const bytes = packBytes();
    if (bytes <= maxBytes || tooMuch > 0) return;
    tooMuch = bytes;
    fetching.kill("SIGKILL");
  }, 50);
  const code = await new Promise<number>((resolve) => {
    fetching.on("close", (status) => resolve(status ?? 1));
  });
  clearInterval(watching);
  if (tooMuch > 0) return `too large: ${tooMuch}\n`;
  if (code !== 0) return said === "" ? `fatal: git ended with ${code}\n` : said;
  const oid = read("rev-parse", "FETCH_HEAD^{commit}");
  const subject = read("log", "-1", "--format=%s", oid);
  process.stdout.write(`${JSON.stringify({ commit: oid, subject })}\n`);
  const archive = spawn(git, ["-c", "tar.umask=0022", "archive", "--format=tar", oid], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  await new Promise<void>((resolve) => {
    archive.on("close", (status) => {
      process.exitCode = status ?? 1;
      resolve();
    });
  });
  return undefined;
}

function packBytes(): number {
  try {
    const packs = join(repository, "objects", "pack");
    return readdirSync(packs).reduce((sum, name) => sum + statSync(join(packs, name)).size, 0);
  } catch {
    return 0;
  }
}

/** Settings that no argument shows; nothing of a user or a system is read. */
function environment({ url, proxy, authorization }: Order): NodeJS.ProcessEnv {
  const settings: readonly (readonly [string, string])[] = [
    ["http.proxy", proxy],
    ["http.sslCAInfo", authorities],
    ["http.followRedirects", "false"],
    ["http.lowSpeedLimit", "1000"],
    ["http.lowSpeedTime", "30"],
    ["protocol.allow", "never"],
    ["protocol.https.allow", "always"],
    ["transfer.fsckObjects", "true"],
    ["fetch.fsck.zeroPaddedFilemode", "ignore"],
    // One pack, whose size is seen.
    ["fetch.unpackLimit", "1"],
    ["pack.threads", "1"],
    ["core.bigFileThreshold", "8m"],
    ["core.hooksPath", "/nowhere"],
    ["credential.helper", ""],
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
    ...(authorization === undefined
      ? []
      : [[`http.${new URL(url).origin}/.extraHeader`, `Authorization: ${authorization}`] as const]),
  ];
  const numbered = settings.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return {
    PATH: "/usr/bin",
    HOME: "/tmp",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_DIR: repository,
    GIT_CONFIG_COUNT: String(settings.length),
    ...(Object.fromEntries(numbered) as Record<string, string>),
  };
}
