import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { laptop } from "../../support/laptop.ts";

const cwd = await mkdtemp(join(tmpdir(), "mypaas-check-remote-"));
after(() => rm(cwd, { recursive: true }));
const head = "# mypaas.servicename = web\n";
await writeFile(join(cwd, "plain"), `${head}# mypaas.domain = *.b.test\nFROM x\n`);
await writeFile(
  join(cwd, "wanting"),
  `${head}# mypaas.url = https://*.b.test\n# mypaas.url = http://auto\nFROM x\n`,
);
await writeFile(join(cwd, "bad"), "# mypaas.port = 80a\nFROM x\n");

const info = { version: "1.2.3", instance: "mypaas" };
const refusals = [
  {
    code: "wildcard-https",
    message: "domain *.b.test: https for a wildcard domain needs DNS-01 on the server",
    hint: "run on the server: sudo mypaas init --dns-provider NAME --dns-env FILE, or leave out mypaas.https",
  },
  {
    code: "no-domain",
    message: "route auto: this server has no domain",
    hint: "name a domain in the Dockerfile, or run on the server: mypaas init --domain HOST",
  },
];

test("a server that is named says what it would refuse of a fine file", async (t) => {
  const { run, requests } = await laptop(t, { result: info });
  const { code, out, err } = await run(["check", "wanting", "-r", "prod"], { cwd });
  assert.deepEqual([code, err], [1, ""]);
  const said = refusals.map(({ message, hint }) => `error: ${message}\nhint: ${hint}\n`).join("");
  assert.equal(out.slice(0, said.length), said);
  assert.doesNotMatch(out, /fine/);
  assert.deepEqual(
    [...requests.values()].map(({ action }) => action),
    ["server.info"],
  );
  const json = await run(["check", "wanting", "-r", "prod", "--json"], { cwd });
  const answer = JSON.parse(json.out) as Readonly<Record<string, unknown>>;
  assert.deepEqual([json.code, answer["refusals"], answer["problems"]], [1, refusals, []]);
});

test("a server that has what the routes need says so below them", async (t) => {
  const { run, port } = await laptop(t, {
    result: { ...info, domain: "paas.test", wildcards: true },
  });
  const { code, out } = await run(["check", "wanting", "-r", "prod"], { cwd });
  assert.equal(code, 0);
  assert.match(out, /^wanting: fine$/m);
  assert.ok(out.endsWith(`\nprod (127.0.0.1:${port}): can serve its routes\n`), out);
  assert.equal((await run(["check", "plain", "-r", "prod"], { cwd })).code, 0);
});

test("without -r nobody is asked, and with problems neither", async (t) => {
  const { run, requests } = await laptop(t, { result: info });
  const alone = await run(["check", "wanting"], { cwd, env: { MYPAAS_REMOTE: "prod" } });
  assert.equal(alone.code, 0);
  assert.doesNotMatch(alone.out, /error|routes need/);
  assert.equal((await run(["check", "bad", "-r", "prod"], { cwd })).code, 1);
  assert.equal(requests.size, 0);
});

test("a server says which instructions its builder cannot build", async (t) => {
  const builder = { engine: "20.10.24+dfsg1", buildkit: true };
  const { run } = await laptop(t, { result: { ...info, builder } });
  const lines = ["FROM x", "RUN <<EOF", "RUN COPY --link", "EOF", "COPY --link a b", ""];
  await writeFile(join(cwd, "new"), head + lines.join("\n"));
  const { code, out } = await run(["check", "new", "-r", "prod"], { cwd });
  const way = (since: number) =>
    `hint: put this on the first line, which the server then loads from Docker Hub: # syntax=docker/dockerfile:1, or update Docker there to ${since} or later\n`;
  const where = "Docker 20.10.24+dfsg1 on the server cannot build it\n";
  const said = `warning: new:3:1: RUN with a heredoc: ${where}${way(23)}warning: new:6:1: COPY --link: ${where}${way(23)}`;
  assert.equal(code, 0);
  assert.equal(out.slice(0, said.length), said);
  const json = await run(["check", "new", "-r", "prod", "--json"], { cwd });
  const { warnings } = JSON.parse(json.out) as { warnings: readonly object[] };
  assert.equal(warnings.length, 2);
});
