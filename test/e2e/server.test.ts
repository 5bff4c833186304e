import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mustRun, run } from "../../scripts/machine/run.ts";
import { ensureTraefikBinary } from "../../scripts/machine/traefik.ts";
import type { Check } from "../../src/core/health/check.ts";
import { bridgeAddress } from "../support/bridge-address.ts";
import { startDns } from "../support/dns-server.ts";
import { startPebble } from "../support/pebble.ts";
import { serverPackages } from "../support/system-server/image.ts";
import {
  importNodeImage,
  installPackage,
  startServer,
  type SystemServer,
} from "../support/system-server/server.ts";

const root = join(import.meta.dirname, "../..");
const units = [
  "mypaas-local.socket",
  "mypaas-receiver.socket",
  "mypaas-docker.socket",
  "mypaas-worker.service",
] as const;
const dockerfile = `# mypaas.servicename = web
# mypaas.domain = www.example.com
# mypaas.port = 3000
# mypaas.scale = 2
# mypaas.volume = ~/web-data:/data
FROM mypaas-test/node:24
COPY server.js /
USER 1000
CMD ["node", "/server.js"]
`;
const siteDockerfile = dockerfile
  .replace("= web", "= site")
  .replace("www.example", "site.example")
  .replace(/^.*(scale|volume).*\n/gm, "");
const program = (text: string) => `const { createServer } = require("node:http");
const { existsSync, writeFileSync } = require("node:fs");
if (existsSync("/data")) writeFileSync("/data/mark", ${JSON.stringify(text)});
createServer((asked, answer) => answer.end(${JSON.stringify(text)})).listen(3000);
process.on("SIGTERM", () => process.exit(0));
`;

let folder = "";
let app = "";
let server: SystemServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mypaas-server-"));
  app = join(folder, "app");
  await mkdir(app);
  await mustRun("npm", ["pack", "--pack-destination", folder], { cwd: root });
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
  const key = ["-t", "ed25519", "-N", "", "-C", "laptop", "-f", join(folder, "key")];
  await mustRun("ssh-keygen", ["-q", ...key]);
  const packages = [...serverPackages, "git", "openssh-server"];
  server = await startServer("mypaas-test-server", { packages });
  await installPackage(server, join(folder, tarball));
  await importNodeImage(server, "mypaas-test/node:24");
  await server.copyIn(await ensureTraefikBinary(), "/root/traefik");
  await server.must("mkdir", "-p", "/root/.ssh");
  await server.copyIn(join(folder, "key.pub"), "/root/.ssh/authorized_keys");
});

after(async () => {
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

test("init makes a bare Debian with Docker into a server, and a second run changes nothing", async () => {
  const first = await server.must("mypaas", "init", "--traefik-binary", "/root/traefik");
  assert.match(first.err, /^worker mypaas-worker\.service: started$/m);
  assert.match(
    first.out,
    /mypaas remote add prod 'https:\/\/[\d.]+#srv=[0-9a-f]{16}&pin=[\w-]{43}'/,
  );
  for (const unit of units) assert.equal(await property(unit, "ActiveState"), "active", unit);
  await nothingToChange();
});

test("systemd finds nothing wrong with the units", async () => {
  const { code, out, err } = await server.exec("systemd-analyze", "verify", ...units);
  assert.deepEqual({ code, out, err }, { code: 0, out: "", err: "" });
});

test("the sandbox of the worker is in force", async () => {
  const pid = await property("mypaas-worker.service", "MainPID");
  const { out } = await server.must("cat", `/proc/${pid}/status`);
  const status = (name: string) => new RegExp(`^${name}:\\s+(\\S+)$`, "m").exec(out)?.[1];
  // CHOWN, DAC_OVERRIDE, FOWNER and KILL are bits 0, 1, 3 and 5.
  assert.equal(status("CapBnd"), "000000000000002b");
  assert.equal(status("CapEff"), "000000000000002b");
  assert.equal(status("NoNewPrivs"), "1");
  assert.equal(status("Seccomp"), "2");
  assert.equal(await property("mypaas-worker.service", "MemoryMax"), String(512 * 1024 * 1024));
  const inside = (...command: readonly string[]) =>
    server.exec("nsenter", "--target", pid, "--mount", ...command);
  assert.match((await inside("touch", "/usr/bin/x")).err, /Read-only file system/);
  assert.match((await inside("touch", "/etc/x")).err, /Read-only file system/);
  assert.equal((await inside("touch", "/var/lib/mypaas/x")).code, 0);
  await server.must("rm", "/var/lib/mypaas/x");
});

test("a push from outside, over the pinned certificate, is live", async () => {
  await writeFile(join(app, "Dockerfile"), dockerfile);
  await writeFile(join(app, "server.js"), program("one"));
  const remote = await remoteLine();
  await laptop("remote", "add", "prod", remote);
  const pushed = await laptop("push", "prod", "Dockerfile", "--key", join(folder, "key"));
  assert.match(pushed.err, /web release 1 is live/);
  assert.deepEqual(await ask(), { status: 200, release: "web/1", text: "one" });
});

test("doctor finds nothing that failed, from outside and inside the worker's sandbox", async () => {
  const key = ["--key", join(folder, "key")];
  const args = [join(root, "bin/mypaas.ts"), "doctor", "-r", "prod", "--json", ...key];
  const { out } = await run(process.execPath, args, { cwd: app, env: laptopEnv() });
  const { checks } = JSON.parse(out.trim().split("\n").at(-1) ?? "") as {
    readonly checks: readonly Check[];
  };
  // Port 80 of the server has another number here.
  const failed = checks.filter(
    ({ result, title }) => result === "failed" && title !== "http port from here",
  );
  assert.deepEqual(failed, []);
  const named = checks.find(({ id }) => id === "units");
  assert.deepEqual([named?.result, named?.evidence], ["ok", "4 units are active"]);
  console.log(checks.map(({ result, title, evidence }) => `${result} ${title}: ${evidence}`));
});

test("a pin of another server is refused", async () => {
  const wrong = (await remoteLine()).replace(/pin=.*/, `pin=${"A".repeat(43)}`);
  await laptop("remote", "add", "wrong", wrong);
  const args = [join(root, "bin/mypaas.ts"), "push", "wrong", "--key", join(folder, "key")];
  const { code, err } = await run(process.execPath, args, { cwd: app, env: laptopEnv() });
  assert.equal(code, 1, err);
});

test("deploy on the server itself, as root, is live", async () => {
  await server.must("mkdir", "-p", "/root/app");
  await writeFile(join(app, "server.js"), program("two"));
  for (const name of ["Dockerfile", "server.js"])
    await server.copyIn(join(app, name), `/root/app/${name}`);
  const deployed = await server.must("env", "--chdir=/root/app", "mypaas", "deploy");
  assert.match(deployed.err, /web release 2 is live/);
  assert.deepEqual(await ask(), { status: 200, release: "web/2", text: "two" });
  assert.equal((await server.must("cat", "/root/web-data/mark")).out, "two");
  assert.equal((await server.must("stat", "-c", "%u %a", "/root/web-data")).out, "1000 755\n");
});

test("init --git lets Debian's own sshd take a push, and a failed deploy is a push that is rejected", async () => {
  const { err } = await server.must("mypaas", "init", "--git");
  assert.match(err, /^sshd takes git push \(.*\): created$/m);
  await nothingToChange();
  const git = await gitPush("site");
  await writeFile(join(git.folder, "Dockerfile"), siteDockerfile);
  await writeFile(join(git.folder, "server.js"), program("by git"));
  const pushed = await git.commitAndPush();
  assert.equal(pushed.code, 0, pushed.err);
  assert.match(pushed.err, /^remote: site release 1 is live after/m);
  assert.equal((await ask("site.example.com")).text, "by git");
  await writeFile(join(git.folder, "server.js"), "process.exit(3)");
  const failed = await git.commitAndPush();
  assert.equal(failed.code, 1, failed.err);
  assert.match(failed.err, /^remote: error: deploy site: container stopped with exit code 3/m);
  assert.match(failed.err, /! \[remote rejected\] main -> main \(pre-receive hook declined\)/);
  assert.equal((await ask("site.example.com")).text, "by git");
  const unknown = await gitPush("site", "stranger");
  assert.match((await unknown.commitAndPush()).err, /Permission denied \(publickey\)/);
  assert.match((await git.ssh("id")).err, /takes git pushes only/);
  const cut = await git.forward("127.0.0.1:22");
  assert.match(cut.err, /administratively prohibited|open failed/);
});

test("a key that is removed pushes nothing more, and init --no-git closes the door", async () => {
  const file = join(folder, "second");
  await mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", file]);
  const line = (await readFile(`${file}.pub`, "utf8")).trim();
  await server.must("mypaas", "key", "add", line);
  const git = await gitPush("second", "second");
  await writeFile(join(git.folder, "Dockerfile"), "FROM scratch\n# mypaas.prot = 80\n");
  assert.match((await git.commitAndPush()).err, /^remote: error: Dockerfile:2:10: unknown key/m);
  await server.must("mypaas", "key", "remove", "second");
  assert.match((await git.commitAndPush()).err, /Permission denied \(publickey\)/);
  const { err } = await server.must("mypaas", "init", "--no-git");
  assert.match(err, /^sshd takes git push \(.*\): removed$/m);
  assert.match((await (await gitPush("site")).commitAndPush()).err, /Permission denied/);
  await nothingToChange();
  await server.must("mypaas", "init", "--git");
});

test("after a reboot services answer again without any command, and init changes nothing", async () => {
  await server.reboot();
  assert.deepEqual(await untilAnswer(), { status: 200, release: "web/2", text: "two" });
  assert.equal((await server.must("systemctl", "is-system-running", "--wait")).out, "running\n");
  await nothingToChange();
  assert.match((await (await gitPush("site")).ssh("id")).err, /takes git pushes only/);
});

test("after a power cut services answer again without any command", async () => {
  await server.powerCut();
  assert.deepEqual(await untilAnswer(), { status: 200, release: "web/2", text: "two" });
  await nothingToChange();
});

test("init repairs what is missing and leaves the rest alone", async () => {
  await server.must("docker", "rm", "--force", "mypaas-receiver");
  await server.must("sh", "-c", "echo '# mine' >> /etc/systemd/system/mypaas-worker.service");
  await server.must("rm", "-r", "/run/mypaas/docker");
  const { err } = await server.must("mypaas", "init");
  const done = err.split("\n").filter((line) => /: (created|changed|(re)?started)$/.test(line));
  assert.deepEqual(done, [
    "directories in /run/mypaas: changed",
    "systemd units: changed",
    "sockets: started",
    "worker mypaas-worker.service: started",
    "container mypaas-receiver: created",
    "container mypaas-traefik: created",
  ]);
  assert.deepEqual(await untilAnswer(), { status: 200, release: "web/2", text: "two" });
  await nothingToChange();
});

test("https asks a CA from inside the sandbox, and the certificate outlives a reboot", async (t) => {
  const bridge = await bridgeAddress();
  const dns = await startDns(["127.0.0.1", bridge]);
  const pebble = await startPebble({ dns, address: bridge });
  t.after(() => Promise.all([pebble.close(), dns.close()]));
  dns.set("secure.example.com", { A: [await server.address()] });
  await server.copyIn(pebble.caFile, "/root/ca.pem");
  const from = [`--acme-server=${pebble.directory}`, "--acme-ca=/root/ca.pem"];
  const to = ["--email=ann@example.com", `--resolver=${bridge}:${dns.port}`];
  await server.must("mypaas", "init", ...from, ...to);
  await server.must("mkdir", "-p", "/root/secure");
  const text = dockerfile
    .replace("= web", "= secure")
    .replace("= www.example.com", "= secure.example.com\n# mypaas.https = true");
  await writeFile(join(app, "Dockerfile"), text);
  for (const name of ["Dockerfile", "server.js"])
    await server.copyIn(join(app, name), `/root/secure/${name}`);
  const { err } = await server.must("env", "--chdir=/root/secure", "mypaas", "deploy");
  assert.match(err, /secure release 1 is live/);
  await untilIssued();
  assert.equal(pebble.orders(), 1);
  await server.reboot();
  await untilAnswer();
  await untilIssued();
  assert.equal(pebble.orders(), 1);
});

test("a lost key of the server is replaced, and the worker takes it up by itself", async () => {
  const before = await remoteLine();
  await server.must("rm", "/var/lib/mypaas/identity.pem");
  const { err } = await server.must("mypaas", "init");
  assert.match(err, /^worker mypaas-worker\.service: restarted$/m);
  assert.notEqual(await remoteLine(), before);
  await nothingToChange();
});

/** A repository on this machine that is pushed to the server's port 22, with one of the keys in the folder; a new key where there is none. */
async function gitPush(service: string, key = "key") {
  const keyFile = join(folder, key);
  if ((await run("test", ["-e", keyFile])).code !== 0)
    await mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", keyFile]);
  const at = await mkdtemp(join(folder, `${service}-`));
  const settings = [
    "IdentitiesOnly=yes",
    "BatchMode=yes",
    "StrictHostKeyChecking=no",
    `UserKnownHostsFile=${join(folder, "hosts")}`,
  ];
  const client = ["-F", "none", "-i", keyFile, ...settings.flatMap((one) => ["-o", one])];
  const env = { ...laptopEnv(), GIT_SSH_COMMAND: ["ssh", ...client].join(" ") };
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  const git = (...args: readonly string[]) => run("git", [...who, ...args], { cwd: at, env });
  const host = `mypaas@${await server.address()}`;
  await git("init", "-q", "-b", "main");
  await git("remote", "add", "prod", `${host}:${service}`);
  return {
    folder: at,
    commitAndPush: async () => {
      await git("add", "-A");
      await git("commit", "-q", "--allow-empty", "-m", "a change");
      return git("push", "prod", "main");
    },
    ssh: (...args: readonly string[]) => run("ssh", [...client, host, ...args], { env }),
    forward: (to: string) => run("ssh", [...client, "-W", to, host], { env }),
  };
}

/** `mypaas cert` on the server itself. */
async function untilIssued(): Promise<void> {
  let last = "";
  for (let count = 0; count < 60; count += 1) {
    // oxlint-disable-next-line no-await-in-loop
    last = (await server.exec("mypaas", "cert", "--json")).out;
    if (last.includes('"issued"')) return;
    // oxlint-disable-next-line no-await-in-loop
    await sleep(500);
  }
  throw new Error(`no certificate after 30 s: ${last}`);
}

async function nothingToChange(): Promise<void> {
  const { err } = await server.must("mypaas", "init");
  assert.match(err, /^nothing to change$/m);
  const changed = err.split("\n").filter((line) => /: (created|changed|(re)?started)$/.test(line));
  assert.deepEqual(changed, []);
}

const property = async (unit: string, name: string): Promise<string> =>
  (await server.must("systemctl", "show", "--property", name, "--value", unit)).out.trim();

/** The line of init, with the address at which this machine reaches the server. */
async function remoteLine(): Promise<string> {
  const { out } = await server.must("mypaas", "init", "--json");
  const answer = JSON.parse(out.trim().split("\n").at(-1) ?? "") as { readonly remote: string };
  return answer.remote.replace(/^[^#]*/, `https://127.0.0.1:${await server.published(443)}`);
}

const laptopEnv = () => ({ PATH: process.env["PATH"], HOME: folder });

const laptop = (...args: readonly string[]) =>
  mustRun(process.execPath, [join(root, "bin/mypaas.ts"), ...args], {
    cwd: app,
    env: laptopEnv(),
  });

interface Answer {
  readonly status: number | undefined;
  readonly release: string | undefined;
  readonly text: string;
}

async function ask(host = "www.example.com"): Promise<Answer> {
  const port = await server.published(80);
  return new Promise((resolve, reject) => {
    const headers = { host };
    const asked = request({ host: "127.0.0.1", port, headers, timeout: 5000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (more: string) => (text += more));
      answer.on("end", () => {
        const release = answer.headers["x-mypaas-release"]?.toString();
        resolve({ status: answer.statusCode, release, text });
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 5 s")));
    asked.on("error", reject).end();
  });
}

async function untilAnswer(): Promise<Answer> {
  let last: unknown;
  for (let count = 0; count < 150; count += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await ask();
      if (answer.status === 200) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    // oxlint-disable-next-line no-await-in-loop
    await sleep(200);
  }
  throw new Error("no service answers 30 s after the server came up", { cause: last });
}
