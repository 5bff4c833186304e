import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { PlannedChanges } from "../../src/core/actions/push.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;
before(async () => {
  server = await startServer("t-e2emeter-plan");
  web = await makeSource(server, "web", { keys: ["scale = 2"] });
});
after(() => server?.remove());

async function plan(): Promise<{ readonly text: string; readonly json: PlannedChanges }> {
  const before = await server.stored();
  const options = { cwd: web.folder };
  const text = await server.run(["plan", "-r", "prod"], options);
  const json = await server.run(["plan", "-r", "prod", "--json"], options);
  assert.deepEqual([text.code, json.code], [0, 0], text.err + json.err);
  assert.deepEqual(await server.stored(), before);
  const answer = json.out.trim().split("\n").at(-1) ?? "";
  console.log(text.out.trim());
  return { text: text.out, json: JSON.parse(answer) as PlannedChanges };
}

test("plan says what a push changes, before it is there, when it is there, and when something is different", async () => {
  const first = await plan();
  assert.match(
    first.text,
    /^web: nothing runs yet\n\+ image .*\n\+ route http:\/\/web\.example\.test\n/,
  );
  await server.mustPush(web);

  const same = await plan();
  assert.equal(same.text, "nothing would change: web runs release 1 with exactly this\n");
  assert.equal(same.json.unchanged, true);

  await server.must(["env", "web", "set", "TOKEN=a-long-secret", "--stage", "-r", "prod"]);
  const changed = await plan();
  assert.equal(changed.text, "web: release 1 runs now\n+ env TOKEN\npause: none\n");

  await writeDockerfile(web, { keys: ["scale = 0", "domain = other.example.test/x"] });
  const { json, text } = await plan();
  assert.doesNotMatch(text, /a-long-secret/);
  assert.deepEqual(json.changes, [
    { kind: "image", from: "t-e2emeter-plan/web:r1", to: "t-e2emeter-plan/web:r2" },
    { kind: "route", how: "added", route: "http://other.example.test/x" },
    { kind: "env", how: "added", name: "TOKEN" },
    { kind: "setting", key: "scale", from: "2", to: "0" },
  ]);
  assert.match(text, /\npause: requests wait about 3 s because scale = 0\n$/);

  // What was planned is what the push does.
  await server.mustPush(web);
  const [row] = server.query("SELECT release FROM releases ORDER BY number DESC LIMIT 1");
  const release = JSON.parse(String(row?.["release"])) as { image: string; env: object };
  assert.equal(release.image, "t-e2emeter-plan/web:r2");
  assert.ok("TOKEN" in release.env);
  assert.equal((await plan()).json.unchanged, true);
});
