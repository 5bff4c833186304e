import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { deploy } from "../../../src/cli/commands/deploy.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";
import { madeFolders } from "../../support/made-folders.ts";

const live: Event = { kind: "live", service: "web", release: 1, urls: ["http://x"], ms: 5 };
const flags = { pull: false, cache: true };

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>) {
  const root = await mkdtemp(join(tmpdir(), "mypaas-made-"));
  t.after(() => rm(root, { recursive: true }));
  const cwd = join(root, "web");
  await mkdir(cwd);
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  return { root, cwd };
}

async function pushed(t: TestContext, cwd: string, args: object = {}) {
  const fake = await fakeWireServer(t, { events: [live], version: "0.2.0" });
  const { runDir } = await fake.listenOnSocket();
  const ran = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir, ...args }, io));
  const [request] = [...fake.requests.values()];
  const push = request?.action === "push" ? request.push : undefined;
  const texts = ran.said.flatMap((event) => ("text" in event ? [event.text] : []));
  const service = request?.action === "push" ? request.service : undefined;
  return { ...ran, push, texts, service, blobs: fake };
}

const flask = madeFolders["python-flask"] ?? {};

test("a folder without a Dockerfile is sent with one that is made, and without what no image needs", async (t) => {
  const { cwd } = await folderOf(t, { ...flask, ".env": "SECRET=1\n", "app.pyc": "" });
  const { code, push, texts, service } = await pushed(t, cwd);
  assert.equal(code, 0);
  assert.equal(service, "web");
  assert.equal(push?.dockerfile, ".mypaas/Dockerfile");
  assert.deepEqual(
    push.entries.map(({ path }) => path),
    [".mypaas/Dockerfile", "app.py", "requirements.txt"],
  );
  assert.deepEqual(texts.slice(0, 2), [
    "no Dockerfile: made one for python (pip, flask); see it: mypaas check --generate, keep it: mypaas eject",
    "gunicorn is not among the packages and is added",
  ]);
});

test("a path names the folder, which is the whole build context, and --service names the service", async (t) => {
  const { root } = await folderOf(t, flask);
  const { push, texts, service } = await pushed(t, root, { path: "web", service: "shop" });
  assert.equal(service, "shop");
  assert.equal(push?.entries.length, 3);
  assert.match(texts[0] ?? "", /see it: mypaas check --generate web, keep it: mypaas eject web$/);
});

test("a Dockerfile that is there is used, and a .dockerignore that is there counts alone", async (t) => {
  const own = { Dockerfile: "# mypaas.servicename = mine\nFROM scratch\n" };
  const { cwd } = await folderOf(t, { ...flask, ...own });
  const { push, service } = await pushed(t, cwd);
  assert.deepEqual([service, push?.dockerfile], ["mine", "Dockerfile"]);
  const ignoring = await folderOf(t, { ...flask, ".dockerignore": "*.txt\n", "a.pyc": "" });
  const { push: second } = await pushed(t, ignoring.cwd);
  assert.deepEqual(
    second?.entries.map(({ path }) => path),
    [".dockerignore", ".mypaas/Dockerfile", "a.pyc", "app.py"],
  );
});

test("where the files do not tell, nothing is sent", async (t) => {
  const { cwd } = await folderOf(t, { "package.json": "{}" });
  const fake = await fakeWireServer(t, { events: [live] });
  const { runDir } = await fake.listenOnSocket();
  for (const command of [deploy, plan]) {
    const { error } = await runCommand({ cwd }, (io) => command({ ...flags, runDir }, io));
    assert.equal(error?.message, "package.json: nothing tells how the program starts");
  }
  assert.equal(fake.requests.size, 0);
});
