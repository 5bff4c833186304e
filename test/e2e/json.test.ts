import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readJsonDocs } from "../../scripts/docs.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;
before(async () => {
  server = await startServer("t-e2ewords-json");
  web = await makeSource(server, "web");
});
after(() => server?.remove());

type Line = Readonly<Record<string, unknown>>;
const kinds = new Set([...readJsonDocs().matchAll(/^### `([a-z-]+)`$/gm)].map(([, kind]) => kind));
/** Answers with a kind of their own, and lines of logs, which have none. */
const others = new Set(["answer", "services", undefined]);
let lines = 0;

/** Runs a command with `--json`; whatever it prints must be lines of the documented union, all on stdout. */
async function said(args: readonly string[], wanted = 0): Promise<readonly Line[]> {
  const [first, rest] = [args.slice(0, 1), args.slice(1)];
  const { code, out, err } = await server.run([...first, "--json", ...rest], { cwd: web.folder });
  const words = `mypaas ${args.join(" ")}: ${out}${err}`;
  assert.deepEqual({ code, err }, { code: wanted, err: "" }, words);
  // A service that prints nothing has no logs.
  assert.ok(out.endsWith("\n") || args[0] === "logs", words);
  const found = out
    .slice(0, -1)
    .split("\n")
    .filter((line) => line !== "" || args[0] !== "logs")
    .map((line) => JSON.parse(line) as Line);
  for (const { kind } of found)
    assert.ok(kinds.has(String(kind)) || others.has(kind as string | undefined), words);
  lines += found.length;
  return found;
}

const lastOf = async (...args: Parameters<typeof said>) => (await said(...args)).at(-1) ?? {};

test("every command prints nothing but lines of the documented union with --json", async () => {
  const r = ["-r", "prod"];
  assert.equal((await lastOf(["push", ...r])).kind, "receipt");
  assert.equal((await lastOf(["push", ...r])).kind, "unchanged");
  assert.equal((await lastOf(["plan", ...r]))["unchanged"], true);
  assert.equal((await lastOf(["check"]))["kind"], "answer");
  assert.equal((await lastOf(["ps", ...r]))["kind"], "services");
  assert.ok(Array.isArray((await lastOf(["releases", ...r]))["releases"]));
  await said(["logs", "web", "-n", "5", ...r]);
  await said(["logs", "web", "--job", "1", ...r]);
  assert.deepEqual((await lastOf(["env", "web", ...r]))["env"], []);
  assert.deepEqual((await lastOf(["env", "web", "set", "A=1", "--stage", ...r]))["set"], ["A"]);
  assert.equal((await lastOf(["env", "web", "unset", "A", ...r]))["kind"] !== undefined, true);
  assert.equal((await lastOf(["restart", "web", ...r])).kind, "receipt");
  assert.equal((await lastOf(["rollback", "web", ...r], 1)).kind, "failed");
  assert.equal((await lastOf(["cancel", "web", ...r], 1)).kind, "failed");
  assert.equal((await lastOf(["stop", "web", ...r])).kind, "stopped");
  await said(["start", "web", ...r]);
  assert.equal((await lastOf(["scale", "web", "2", "-q", ...r])).kind, "receipt");
  await said(["run", "web", "--detach", ...r, "--", "node", "--version"]);
  assert.equal((await lastOf(["exec", "web", ...r], 2)).kind, "failed");
  assert.equal((await lastOf(["remove", "web", "--yes", ...r])).kind, "removed");
  assert.ok(Array.isArray((await lastOf(["registry", "list", ...r]))["registries"]));
  assert.ok(Array.isArray((await lastOf(["cert", ...r]))["certificates"]));
  assert.ok(Array.isArray((await lastOf(["cert", "retry", ...r]))["certificates"]));
  assert.equal((await lastOf(["cert", "remove", "x.invalid", ...r], 1)).kind, "failed");
  assert.equal((await lastOf(["check", ...r]))["kind"], "answer");
  assert.ok(Array.isArray((await lastOf(["key", "list", ...r]))["keys"]));
  assert.equal((await lastOf(["key", "remove", "nobody", ...r], 1)).kind, "failed");
  assert.equal((await lastOf(["remote", "show", "prod"]))["isDefault"], true);
  assert.equal((await lastOf(["remote", "default"]))["name"], "prod");
  assert.equal((await lastOf(["remote", "rename", "prod", "main"]))["was"], "prod");
  assert.equal((await lastOf(["remote", "rename", "main", "prod"]))["name"], "prod");
  assert.equal((await lastOf(["remote", "list"]))["kind"], "answer");
  assert.equal((await lastOf(["remote", "remove", "gone"], 1)).kind, "failed");
  assert.equal((await lastOf(["completion", "bash"]))["shell"], "bash");
  assert.equal((await lastOf(["help", "keys"]))["kind"], "answer");
  assert.equal((await lastOf(["psuh"], 2)).kind, "failed");
  console.log(`${lines} lines of JSON, each of a documented kind`);
});

test("a server is shown with what it is and what answers there; completion knows its services without asking", async () => {
  const { out } = await server.must(["remote", "show", "prod"]);
  const [, id] = /#srv=([0-9a-f]+)/.exec(server.line) ?? [];
  assert.match(out, /^remote {3}prod, the default of mypaas push$/m);
  assert.match(out, new RegExp(`^server {3}${id}$`, "m"));
  assert.match(out, /^signs {4}SHA256:/m);
  assert.match(out, /^answers {2}mypaas \d/m);
  await server.mustPush(web);
  const offered = await server.must(["complete", "--", "logs", ""]);
  assert.equal(offered.out, "-\nweb\tservice\n");
});
