import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;

before(async () => {
  server = await startServer("t-e2ea-local");
  web = await makeSource(server, "web", { keys: ["scale = 1"] });
});
after(() => server?.remove());

/** Every command without a remote, as root on the server: its words, and what it answers on stdout. */
const commands: readonly (readonly [words: string, answer: RegExp])[] = [
  ["deploy", /^$/],
  ["ps", /^web +1 +live/m],
  ["ps web", /^web: release 1 is live$/m],
  ["plan", /^nothing would change: web runs release 1 with exactly this$/m],
  ["env web set A=1 B=2", /^$/],
  ["env web", /^A +\(?[0-9a-f]{12}/m],
  ["env web unset B", /^$/],
  ["scale web 2", /^$/],
  ["restart web", /^$/],
  ["releases web", /^5 = 3 +live/m],
  ["rollback web 1", /^$/],
  ["logs web -n 5", /^/],
  ["logs web --job", /release 6 is live/],
  ["exec web -- node -p 6*7", /^42$/m],
  ["run web -- node -p process.env.MYPAAS_SERVICE", /^web$/m],
  ["stop web", /^$/],
  ["ps", /^web +6 +stopped/m],
  ["start web", /^$/],
  ["key list", /^laptop +never/m],
  ["registry list", /no /],
  ["cert", /^host +service +state|^no service uses https/],
  ["doctor", /docker/i],
  ["remove web --yes", /^$/],
  ["ps", /^no services yet$/m],
];

test("every command works on the server itself, without a remote and without a key", async () => {
  for (const [words, answer] of commands) {
    const { code, out, err } = await server.run(words.split(" "), { cwd: web.folder });
    const all = `mypaas ${words}: exit ${code}\n${out}${err}`;
    // Doctor finds that the test's domain leads nowhere, which is a warning.
    assert.equal(code, 0, all);
    assert.match(out, answer, all);
  }
  console.log(`${commands.length} commands, none failed`);
});

test("where nothing is under way, cancel says so here too", async () => {
  const { code, err } = await server.run(["cancel", "web"]);
  assert.deepEqual(
    [code, err.split("\n")[0]],
    [1, "error: cancel web: nothing of it is being deployed"],
  );
});
