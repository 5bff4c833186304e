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
