// The program of git's jail that fetches: an order on its input, one line of facts and a tar on its output, git's words on the other
// one. It reaches the egress proxy alone, writes no working tree, and gives its secret to git by the environment, or by a file in memory to
// ssh. One file, no imports of ours.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";

const git = "/usr/bin/git";
const repository = "/fetch/git";
const authorities = "/fetch/ca.pem";
const sshProgram = "/usr/bin/ssh";
/** Home of the jail's user, in memory. */
const sshFolder = "/tmp/.ssh";
const knownHosts = join(sshFolder, "known_hosts");
/** How ssh calls the other side, whatever its address is. */
const sshName = "repository";

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
  readonly ssh?: SshOrder;
}

/** How a repository is reached by ssh. */
interface SshOrder {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The private key, as OpenSSH has it in a file. */
  readonly key: string;
  /** As known_hosts has it; the only one that is taken. */
  readonly hostKey?: string;
  /** Where the whole is not known yet: what it has to be. Neither: the first one is taken. */
  readonly fingerprint?: string;
}

void run(JSON.parse(readFileSync(0, "utf8")) as Order);

async function run(order: Order): Promise<void> {
  writeFileSync(authorities, order.ca);
  const env = environment(order);
  const tunnel = order.ssh && (await openTunnel(order.ssh, order.proxy));
  let said = order.ssh && tunnel ? await prepareSsh(order.ssh, tunnel.port, env) : "";
  for (const url of said === "" ? urlsOf(order) : []) {
    const result = await (order.look === true ? look(url, order, env) : fetch(url, order, env));
    if (result === undefined) return tunnel?.close();
    said = result;
    if (!/returned error: 30\d|from redirection/.test(said)) break;
  }
  process.stderr.write(tunnel?.refused() || said);
  process.exitCode = 1;
  tunnel?.close();
}

/** Forges send an address without .git on to the one with it. */
function urlsOf({ url, ssh }: Order): readonly string[] {
  if (ssh !== undefined) return [addressOf(ssh)];
  return url.endsWith(".git") ? [url] : [url, `${url}.git`];
}

/** Undefined when it is done, else the words of git. */
async function look(
  url: string,
  { branch }: Order,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const { code, out, said } = await ran(["ls-remote", "--", url, ref], env);
  if (code !== 0) return said;
  const commit = out.split("\t")[0] ?? "";
  if (commit === "") return `fatal: couldn't find remote ref ${branch}\n`;
  process.stdout.write(`${JSON.stringify({ commit, hostKey: knownHostKey() })}\n`);
  return undefined;
}

/** Runs git while the tunnel goes on. */
async function ran(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(git, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let said = "";
  child.stdout
    .setEncoding("utf8")
    .on("data", (text: string) => (out = (out + text).slice(0, 4096)));
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (said = (said + text).slice(-16_384)));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, said };
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
  process.stdout.write(`${JSON.stringify({ commit: oid, subject, hostKey: knownHostKey() })}\n`);
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
function environment({ url, proxy, authorization, ssh }: Order): NodeJS.ProcessEnv {
  const settings: readonly (readonly [string, string])[] = [
    ["http.proxy", proxy],
    ["http.sslCAInfo", authorities],
    ["http.followRedirects", "false"],
    ["http.lowSpeedLimit", "1000"],
    ["http.lowSpeedTime", "30"],
    ["protocol.allow", "never"],
    [ssh === undefined ? "protocol.https.allow" : "protocol.ssh.allow", "always"],
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
    GIT_SSH: sshProgram,
    GIT_CONFIG_COUNT: String(settings.length),
    ...(Object.fromEntries(numbered) as Record<string, string>),
  };
}

function addressOf({ user, path }: SshOrder): string {
  return `${user}@${sshName}:${path}`;
}

/** Lets ssh reach one place through the proxy: it would start a proxy command with a shell, and there is none. */
async function openTunnel({ host, port }: SshOrder, proxy: string) {
  const path = `${host}:${port}`;
  const { hostname, port: proxyPort } = new URL(proxy);
  let refused = "";
  const server = createServer((near) => {
    const refuse = (status: number | string) => {
      refused = `fatal: CONNECT tunnel failed, response ${status}\n`;
      near.destroy();
    };
    near.on("error", () => near.destroy());
    const asked = request({
      host: hostname,
      port: proxyPort,
      method: "CONNECT",
      path,
      agent: false,
    });
    asked.on("error", () => refuse(502));
    asked.on("connect", ({ statusCode = 502 }, far: Duplex, head: Buffer) => {
      far.on("error", () => far.destroy());
      if (statusCode !== 200) {
        far.destroy();
        return refuse(statusCode);
      }
      far.on("close", () => near.end());
      near.on("close", () => far.destroy());
      near.write(head);
      far.pipe(near);
      near.pipe(far);
    });
    asked.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    refused: () => refused,
    close: () => void server.close(),
  };
}

/** Writes what ssh reads. Where only the fingerprint of the host key is known, it looks at the key first; the text is what is wrong. */
async function prepareSsh(ssh: SshOrder, port: number, env: NodeJS.ProcessEnv): Promise<string> {
  if (!existsSync(sshProgram)) return "fatal: no ssh in the jail\n";
  mkdirSync(sshFolder, { recursive: true, mode: 0o700 });
  writeFileSync(join(sshFolder, "id"), ssh.key, { mode: 0o600 });
  if (ssh.hostKey !== undefined) writeFileSync(knownHosts, `${sshName} ${ssh.hostKey}\n`);
  writeFileSync(join(sshFolder, "config"), sshConfig(port, ssh.hostKey !== undefined));
  if (ssh.hostKey !== undefined || ssh.fingerprint === undefined) return "";
  const { said } = await ran(["ls-remote", "--", addressOf(ssh), "HEAD"], env);
  const blob = knownHostKey()?.split(" ")[1];
  if (blob === undefined) return said;
  const hash = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  const found = `SHA256:${hash.replace(/=+$/, "")}`;
  if (found !== ssh.fingerprint) return `fatal: the host key is ${found}\n`;
  writeFileSync(join(sshFolder, "config"), sshConfig(port, true));
  return "";
}

function sshConfig(port: number, isKnown: boolean): string {
  return [
    `Host ${sshName}`,
    "HostName 127.0.0.1",
    `Port ${port}`,
    `HostKeyAlias ${sshName}`,
    `StrictHostKeyChecking ${isKnown ? "yes" : "accept-new"}`,
    `UserKnownHostsFile ${knownHosts}`,
    "GlobalKnownHostsFile none",
    "HashKnownHosts no",
    "UpdateHostKeys no",
    "CheckHostIP no",
    `IdentityFile ${join(sshFolder, "id")}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    "PreferredAuthentications publickey",
    "BatchMode yes",
    "ClearAllForwardings yes",
    "ConnectTimeout 30",
    "ServerAliveInterval 15",
    "ServerAliveCountMax 4",
    "LogLevel ERROR",
    "",
  ].join("\n");
}

/** The host key that ssh has taken, without the name; undefined for https. */
function knownHostKey(): string | undefined {
  if (!existsSync(knownHosts)) return undefined;
  return readFileSync(knownHosts, "utf8").trim().split("\n")[0]?.split(" ").slice(1, 3).join(" ");
}
