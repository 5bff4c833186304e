import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { spawn } from "node:child_process";
import type { PsService, PsSnapshot } from "../../src/core/actions/watch.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource } from "../support/source-e2e.ts";

let server: TestServer;
before(async () => {
  server = await startServer("t-e2elogs-ps");
  const web = await makeSource(server, "web", { keys: ["scale = 2", "maxmem = 256m"] });
  const loop = `setTimeout(() => process.exit(3), 1500);
require("node:http").createServer((req, res) => res.end("hello")).listen(Number(process.env.PORT));`;
  const shaky = await makeSource(server, "shaky", { files: { "server.js": loop } });
  await Promise.all([server.mustPush(web), server.mustPush(shaky)]);
});
after(() => server?.remove());

function look(out: string): PsService[] {
  return [...(JSON.parse(out.trim().split("\n").at(-1) ?? "") as PsSnapshot).services];
}

test("ps shows what runs, what crashes and what was stopped, here and from a laptop", async () => {
  await sleep(5000);
  const begun = performance.now();
  const all = await server.must(["ps", "-r", "prod"]);
  console.log(`${all.out}(${Math.round(performance.now() - begun)} ms)`);
  for (const line of all.out.split("\n")) assert.ok(line.length <= 80, line);
  assert.match(
    all.out,
    /\nshaky +1 +crashing +\d of 1 .*done \d+ s\n {2}http:\/\/shaky\.example\.test\n/,
  );
  assert.match(all.out, /\nweb +1 +live +2 of 2 +\d+ % +[\d.]+ MB +done \d+ s\n/);

  const one = await server.must(["ps", "web"]);
  console.log(one.out);
  assert.match(one.out, /^web: release 1 is live\nhttp:\/\/web\.example\.test\nreplica /);
  assert.match(one.out, /\nweb\.2 +1 +running +\d+ s +\d+ % +[\d.]+ MB of 268 MB\n/);

  const [web] = look((await server.must(["ps", "web", "-r", "prod", "--json"])).out);
  assert.equal(web?.replicas.length, 2);
  for (const replica of web?.replicas ?? []) {
    assert.ok(
      (replica.memoryBytes ?? 0) > 1e6 && (replica.cpu ?? -1) >= 0,
      JSON.stringify(replica),
    );
  }
  await server.must(["stop", "web", "-r", "prod"]);
  await server.settled("web");
  const stopped = await server.must(["ps", "web", "-r", "prod"]);
  console.log(stopped.out);
  assert.match(stopped.out, /^web: release \d+ is stopped\n/);
  const unknown = await server.run(["ps", "nosuch", "-r", "prod"]);
  assert.match(
    unknown.err,
    /^error: service nosuch: not known here\nhint: see what there is: mypaas ps -r prod\n$/,
  );
});

test("ps --watch shows it again every two seconds with one signature, until Ctrl-C", async () => {
  const { node, program, env } = server.instance;
  const args = [program, "ps", "--watch", "--json", "-r", "prod"];
  const child = spawn(node, args, { env });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const requests = () => Number(server.query("SELECT count(*) AS n FROM requests")[0]?.["n"]);
  const before = requests();
  await sleep(7000);
  child.kill("SIGINT");
  assert.equal(await ended, 130);
  const snapshots = out.trim().split("\n").length;
  console.log(`${snapshots} looks in 7 s, ${requests() - before} request`);
  assert.ok(snapshots >= 2);
  assert.equal(requests() - before, 1);
});
