import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mustRun, run } from "../../scripts/machine/run.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf, type Said } from "../support/said-e2e.ts";
import { makeSource, type Source, type SourceOptions } from "../support/source-e2e.ts";
import { replicasOf } from "../support/processes-e2e.ts";
import { nodeImage } from "../support/images.ts";
import { tarOf } from "../support/tar-bytes.ts";
import { testWay, type Pushed } from "../support/way-e2e.ts";

const name = "t-e2ew-image";
const tags: string[] = [];
let server: TestServer;
let stranger: string;
/** A service that two tests use, so that its first image travels once. */
let layered: Source;

before(async () => {
  server = await startServer(name);
  stranger = join(server.instance.folder, "stranger");
  await mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
  const { out } = await mustRun("cat", [`${stranger}.pub`]);
  await server.must(["key", "add", "--", `services="other" ${out.trim()}`]);
});
after(async () => {
  await server?.remove();
  for (const tag of tags) await run("docker", ["image", "rm", "-f", tag]);
});

/** Builds an image on this machine, as on a laptop. */
async function built(folder: string): Promise<string> {
  const tag = `${name}-laptop/app:${randomUUID().slice(0, 8)}`;
  await mustRun("docker", ["build", "-q", "-t", tag, folder]);
  tags.push(tag);
  return tag;
}

/** The image of each folder of the contract: two builds at once would make two images. */
const images = new Map<string, Promise<string>>();

async function pushed(folder: string, more: readonly string[] = []): Promise<Pushed> {
  const image = images.get(folder) ?? built(folder);
  images.set(folder, image);
  const { code, out, err } = await server.run(["push", "prod", "--image", await image, ...more]);
  return { code, output: out + err };
}

testWay({
  name: "push --image",
  server: () => server,
  service: "shipped",
  push: (folder) => pushed(folder),
  pushWithoutRight: (folder) => pushed(folder, ["--key", stranger]),
  builds: false,
});

const labels = (service: string) => [
  `LABEL mypaas.domain=${service}.example.test mypaas.port=3000`,
];

const sourceOf = (service: string, { build = [], ...more }: SourceOptions = {}): Promise<Source> =>
  makeSource(server, service, { ...more, build: [...labels(service), ...build] });

/** `push --image` with `--json`; more words may name the service. */
const startImage = (image: string, words: readonly string[] = []) =>
  server.startPush({ folder: server.instance.folder } as Source, ["--image", image, ...words]);

const sent = (said: Said): number =>
  said.events.reduce(
    (most, event) => (event.kind === "upload" ? Math.max(most, event.bytes) : most),
    0,
  );

test("only layers that the server does not have travel, and its image is the same one", async () => {
  layered = await sourceOf("layers");
  const first = await built(layered.folder);
  const one = await startImage(first, ["layers"]).done;
  assert.equal(one.code, 0, one.out + one.err);
  await layered.write("page.txt", "another page");
  const second = await built(layered.folder);
  const plan = await server.run(["plan", "--image", second, "layers", "-r", "prod"]);
  const change = `~ image ${name}/layers:r1 → ${name}/layers:r2`;
  const planned = `layers: release 1 runs now\n${change}\nthe image is to be loaded\n`;
  assert.deepEqual([plan.code, plan.out.replace(/pause: .*\n/, "")], [0, planned], plan.err);
  const two = await startImage(second, ["layers"]).done;
  assert.equal(two.code, 0, two.out + two.err);
  const again = await startImage(second, ["layers"]).done;
  const same = await server.run(["plan", "--image", second, "layers", "-r", "prod"]);
  assert.equal(same.out, "nothing would change: layers runs release 2 with exactly this\n");
  console.log(`bytes sent: ${sent(one)}, then ${sent(two)}, then ${sent(again)}`);
  assert.ok(sent(one) > 10_000_000);
  assert.ok(sent(two) > 0 && sent(two) < 100_000);
  assert.deepEqual([eventOf(again, "unchanged").release, sent(again)], [2, 0]);
  await server.settled("layers");
  const idOf = async (image: string) => (await docker.getImage(image).inspect()).Id;
  assert.equal(await idOf(`${name}/layers:r2`), await idOf(second));
  assert.equal((await server.get(layered.host)).body, "another page");
  await server.must(["rollback", "layers", "-r", "prod"]);
  await server.settled("layers");
  assert.equal((await server.get(layered.host)).body, "first page");
});

/** An archive as podman saves it, written by hand. */
async function archiveOf(more: {
  readonly architecture?: string;
  readonly config?: object;
  readonly tags?: readonly string[];
  readonly layer?: Buffer;
}): Promise<string> {
  const { architecture = "amd64", layer = await tarOf([{ name: "x", data: randomUUID() }]) } = more;
  const sum = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");
  const rootfs = { type: "layers", diff_ids: [`sha256:${sum(layer)}`] };
  const config = JSON.stringify({ os: "linux", architecture, config: more.config ?? {}, rootfs });
  const parts = { Config: `${sum(config)}.json`, Layers: [`${sum(layer)}.tar`] };
  const file = join(server.instance.folder, `${randomUUID()}.tar`);
  const members = [
    { name: parts.Layers[0] ?? "", data: layer },
    { name: parts.Config, data: config },
    { name: "manifest.json", data: JSON.stringify([{ ...parts, RepoTags: more.tags ?? [] }]) },
  ];
  await writeFile(file, await tarOf(members));
  return file;
}

test("an image for another processor, or with a wrong label, is refused before anything travels", async () => {
  const jobs = (await server.stored()).jobs;
  const arm = failureOf(await startImage(await archiveOf({ architecture: "arm64" }), ["arm"]).done);
  assert.match(arm.message, /: is for linux\/arm64, this server is linux\/amd64$/);
  assert.equal(arm.hint, "build it for the server: docker build --platform linux/amd64 …");
  const wrong = await archiveOf({ config: { Labels: { "mypaas.prot": "80" } } });
  const { message, hint } = failureOf(await startImage(wrong, ["arm"]).done);
  assert.deepEqual(
    [message, hint],
    ["image label mypaas.prot: unknown key", "did you mean mypaas.port?"],
  );
  const data = await archiveOf({ config: { Volumes: { "/data": {} } } });
  assert.match(failureOf(await startImage(data, ["arm"]).done).message, /declares VOLUME \/data/);
  assert.deepEqual([(await server.stored()).jobs, (await server.stored()).spooled], [jobs, 0]);
});

test("an archive takes no name of another image, and what is no archive is refused", async () => {
  const idOf = async () => (await docker.getImage(nodeImage).inspect()).Id;
  const before = await idOf();
  const config = { Cmd: ["/none"], Labels: { "mypaas.port": "none" } };
  const thief = await startImage(await archiveOf({ config, tags: [nodeImage] }), ["thief"]).done;
  assert.equal(thief.code, 1);
  assert.match(failureOf(thief).message, /^deploy thief: /);
  assert.equal(await idOf(), before);
  const other = join(server.instance.folder, "other.tar");
  await writeFile(other, await tarOf([{ name: "a", data: "b" }]));
  const { message } = failureOf(await startImage(other, ["thief"]).done);
  assert.match(message, /no archive of an image: neither manifest.json nor index.json is in it$/);
  assert.match(
    failureOf(await startImage("none-of-this:1").done).message,
    /^image none-of-this:1: not here$/,
  );
});

/** Starts what its name or its words say, with a value that only it sets, as the launcher of buildpacks does. */
const launcher = `#!/usr/local/bin/node
const { basename } = require("node:path");
const words = { web: ["server.js"], worker: ["w.js", "beside web"], release: ["w.js", "before", "end"] };
const [name, given] = [basename(process.argv[1]), process.argv.slice(2)];
const [program, ...rest] = name in words ? ["node", ...words[name]] : given.slice(1);
require("node:child_process").spawn(program, rest, {
  stdio: "inherit",
  env: { ...process.env, OF_BUILDPACKS: "yes" },
}).on("exit", (code, signal) => process.exit(code ?? (signal ? 143 : 1)));
process.on("SIGTERM", () => process.exit(143));
`;

test("an image of buildpacks brings its processes, and its launcher starts every command", async () => {
  const of = { buildpackID: "heroku/procfile", command: ["node"], direct: true };
  const processes = ["web", "worker", "release"].map((type) => ({ ...of, type }));
  const metadata = { processes: [...processes, { type: "console", buildpackID: "heroku/ruby" }] };
  const links = ["web", "worker", "release"].map(
    (type) => `fs.symlinkSync('/cnb/lifecycle/launcher', '/cnb/process/${type}')`,
  );
  const source = await sourceOf("packed", {
    files: {
      launcher,
      "w.js": `console.log(process.argv.slice(2).join(" "), process.env.OF_BUILDPACKS); process.argv[3] ?? setInterval(() => {}, 1e6)`,
    },
    build: [
      "COPY launcher /cnb/lifecycle/launcher",
      `RUN ["node", "-e", "fs.mkdirSync('/cnb/process'); ${links.join("; ")}"]`,
      `LABEL io.buildpacks.build.metadata='${JSON.stringify(metadata)}'`,
      'ENTRYPOINT ["/cnb/process/web"]',
    ],
  });
  await chmod(join(source.folder, "launcher"), 0o755);
  await source.write(
    "Dockerfile",
    (await readFile(join(source.folder, "Dockerfile"), "utf8")).replace(/\nCMD .*/, ""),
  );
  const ran = await server.run(["push", "prod", "--image", await built(source.folder), "packed"]);
  assert.equal(ran.code, 0, ran.out + ran.err);
  assert.match(ran.out + ran.err, /before end yes/);
  await server.settled("packed");
  assert.equal((await server.get(source.host)).body, "first page");
  const seen = await replicasOf(server, "packed");
  assert.deepEqual(seen.map(({ process, state }) => `${process} ${state}`).toSorted(), [
    "web running",
    "worker running",
  ]);
  const logs = (await server.must(["logs", "packed.worker", "-r", "prod"])).out;
  assert.match(logs, /\| beside web yes$/m);
  const run = ["run", "packed", "-r", "prod", "--", "node", "-p", "process.env.OF_BUILDPACKS"];
  assert.equal((await server.must(run)).out.trim(), "yes");
  const ps = (await server.must(["ps", "-r", "prod"])).out;
  assert.match(ps, /^ {2}\.console .* 0 of 0\b/m);
  await server.must(["remove", "packed", "--yes", "-r", "prod"]);
});

test("a worker killed in the middle of a load ends the job once, and the old release serves", async () => {
  await layered.write("big.bin", randomBytes(80_000_000));
  const big = await built(layered.folder);
  const load = server.load(layered.host);
  const push = startImage(big, ["layers"]);
  await push.saw((event) => event.kind === "step" && event.text.startsWith("loading "));
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  const said = await push.done;
  const { answered, failed, reasons } = await load.stop();
  console.log(
    `killed in a load: ${answered} answered, ${failed} failed, ${failureOf(said).message}, ${JSON.stringify(reasons)}`,
  );
  assert.deepEqual([failureOf(said).still, failed], ["layers still runs release 3", 0]);
  const again = await startImage(big, ["layers"]).done;
  assert.deepEqual([again.code, sent(again)], [0, 0]);
  await server.settled("layers");
  await server.must(["remove", "layers", "--yes", "-r", "prod"]);
  const left = await docker.listImages({ filters: { reference: [`${name}/layers`] } });
  assert.equal(left.length, 0);
});
