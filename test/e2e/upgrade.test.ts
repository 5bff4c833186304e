import assert from "node:assert/strict";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { oldProgram, releasedVersions } from "../../scripts/machine/old-version.ts";
import { mypaas } from "../../scripts/machine/instance.ts";
import type { ReleaseInfo } from "../../src/core/actions/lifecycle.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { certify } from "../support/own-certificate-e2e.ts";
import type { ProberReport } from "../support/prober.ts";
import { softKey } from "../support/signed.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

const root = dirname(dirname(import.meta.dirname));
const today = join(root, "bin", "mypaas.ts");
const [version = ""] = releasedVersions.slice(-1);
let old: string;
let server: TestServer;
let web: Source;
let counter: Source;
let idle: Source;

before(async () => {
  old = await oldProgram(version);
  server = await startServer("t-e2eup", { program: old });
  const app = await readFile(join(root, "examples", "with-volume", "server.js"), "utf8");
  web = await makeSource(server, "web", { keys: ["scale = 2", "healthcheck = /health"] });
  const data = ["scale = 0", "volume = data:/data"];
  counter = await makeSource(server, "counter", { keys: data, files: { "server.js": app } });
  idle = await makeSource(server, "idle", { keys: ["scale = 1"] });
  for (const page of ["first", "second", "third"]) {
    await web.write("page.txt", `${page} page`);
    await server.mustPush(web);
  }
  await Promise.all([server.mustPush(counter), server.mustPush(idle)]);
  await server.must(["stop", "idle", "-r", "prod"]);
  await server.must(["env", "web", "set", "A=1", "B=two", "-r", "prod"]);
  await server.must(["env", "web", "set", "C=later", "--stage", "-r", "prod"]);
  await server.must(["scale", "web", "3", "-r", "prod"]);
  await server.must(["key", "add", "--services", "web", softKey().line, "-r", "prod"]);
  await certify(server, ["web.example.test"]);
});
after(() => server?.remove());

/** What the laptop is told of what the server keeps. */
async function kept() {
  const ask = async (...words: readonly string[]) =>
    JSON.parse((await server.must([...words, "--json", "-r", "prod"])).out) as {
      readonly keys?: readonly { readonly lastUsed?: number }[];
      readonly env?: readonly { readonly paths?: unknown; readonly use?: unknown }[];
    };
  const { keys = [] } = await ask("key", "list");
  const { env = [] } = await ask("env", "web");
  return {
    // Each question is a use of the key.
    keys: keys.map((key) => ({ ...key, lastUsed: undefined })),
    releases: await ask("releases"),
    // The server of before does not say what a value is for.
    env: env.map((value) => ({ ...value, paths: undefined, use: undefined })),
    certificates: await ask("cert", "list"),
    containers: await Promise.all(
      ["web", "counter", "idle"].map((service) => server.containers(service, true)),
    ),
    images: await imagesOf(),
    traefik: await startOf("t-e2eup-traefik"),
  };
}

async function imagesOf(): Promise<readonly string[]> {
  const all = await docker.listImages();
  const tags = all.flatMap(({ RepoTags, Id }) => (RepoTags ?? []).map((tag) => `${tag} ${Id}`));
  return tags.filter((tag) => /^t-e2eup\/(web|counter|idle):/.test(tag)).toSorted();
}

async function startOf(name: string): Promise<string> {
  const { Id, State } = await docker.getContainer(name).inspect();
  return `${Id} ${State.StartedAt}`;
}

/** A command of the laptop that has not been updated. */
async function onOldLaptop(args: readonly string[], cwd?: string) {
  const ran = await mypaas({ ...server.instance, program: old }, [...args, "-r", "prod"], {
    ...(cwd !== undefined && { cwd }),
  });
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.out}${ran.err}`);
  return ran.out;
}

function assertLossless(what: string, report: ProberReport, release: string): void {
  const { sent, failed, oldAfterNew, byRelease, reasons, longest } = report;
  const wrong = sent - failed - (byRelease[release] ?? 0);
  console.log(
    `${what}: ${sent} sent, ${failed} failed, ${wrong} answered by the wrong release, longest ${longest} ms`,
  );
  assert.deepEqual(
    { failed, wrong, oldAfterNew, reasons },
    { failed: 0, wrong: 0, oldAfterNew: 0, reasons: {} },
  );
}

test("today's laptop pushes to the server of before, and says what stays behind", async () => {
  const mixed = await makeSource(server, "mixed", { keys: ["scale = 1"] });
  await mkdir(join(mixed.folder, "storage/cache"), { recursive: true });
  const laptop = { ...server.instance, program: today };
  const pushed = await mypaas(laptop, ["push", "prod"], { cwd: mixed.folder });
  assert.equal(pushed.code, 0, pushed.err);
  assert.match(
    pushed.err,
    /warning: build context: empty folders stay behind: storage\/cache: mypaas on the server is older than here\nhint: update mypaas on the server/,
  );
  await server.settled("mixed");
  assert.equal((await server.get(mixed.host)).body, "first page");
  await symlink("/etc/hostname", join(mixed.folder, "site"));
  const refused = await mypaas(laptop, ["push", "prod"], { cwd: mixed.folder });
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /error: build context: mypaas on the server is too old for it\n {2}"site": link points out of the build context, to "\/etc\/hostname"\nhint: update mypaas on the server/,
  );
});

test("an upgrade under 200 requests a second loses none, and everything is there afterwards", async () => {
  const is = await kept();
  const loads = [
    server.load(web.host),
    server.load(counter.host, { isPlain: true, perSecond: 50 }),
  ] as const;
  await sleep(1000);
  const { out } = await server.upgrade(today);
  await sleep(3000);
  const [onWeb, onCounter] = await Promise.all(loads.map((load) => load.stop()));
  const { steps } = JSON.parse(out.trim().split("\n").at(-1) ?? "") as {
    readonly steps: readonly { readonly step: string; readonly did: string }[];
  };
  console.log(
    steps.filter(({ did }) => did !== "already there").map(({ step, did }) => `${step}: ${did}`),
  );
  assert.ok(onWeb !== undefined && onCounter !== undefined);
  assertLossless("scale = 3", onWeb, "web/5");
  assertLossless("scale = 0 with a volume", onCounter, "counter/1");
  assert.deepEqual(await kept(), is);
});

test("a laptop of before pushes, looks and goes back", async () => {
  await web.write("page.txt", "page of the old laptop");
  const load = server.load(web.host);
  const pushed = await onOldLaptop(["push", "--json"], web.folder);
  await server.settled("web");
  assert.match(pushed, /"kind":"receipt"/);
  assert.equal((await server.get(web.host)).body, "page of the old laptop");
  for (const words of [["ps"], ["releases", "web"], ["logs", "web", "--job"], ["env", "web"]])
    // oxlint-disable-next-line no-await-in-loop
    assert.notEqual(await onOldLaptop(words), "");
  const back = await onOldLaptop(["rollback", "web", "--json"]);
  assert.match(back, /"kind":"live"/);
  await server.settled("web");
  const { sent, failed, reasons } = await load.stop();
  console.log(`push and rollback of the old laptop: ${sent} sent, ${failed} failed`);
  assert.deepEqual([failed, reasons], [0, {}]);
});

test("a release of the version before comes back, and a stopped service starts again", async () => {
  await server.must(["rollback", "web", "1", "-r", "prod"]);
  await server.settled("web");
  assert.equal((await server.get(web.host)).body, "first page");
  await server.must(["start", "idle", "-r", "prod"]);
  assert.equal((await server.get(idle.host)).body, "first page");
  const { out } = await server.must(["releases", "web", "--json", "-r", "prod"]);
  const { releases } = JSON.parse(out) as { readonly releases: readonly ReleaseInfo[] };
  assert.deepEqual([releases[0]?.state, releases[0]?.repeats], ["live", 1]);
});
