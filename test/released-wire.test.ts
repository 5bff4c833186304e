import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";
import { main } from "../src/cli/main.ts";
import { instancePaths } from "../src/core/server/instance.ts";
import type { World } from "../src/core/world.ts";
import { contentId, parseRequest, requestId } from "../src/core/wire/request.ts";
import { isJobAction } from "../src/core/actions/actions.ts";
import type { Recorded } from "./support/history-e2e.ts";
import { releasedFile, releasedState, releasedVersions } from "./support/released.ts";
import { replayServer } from "./support/replay-server.ts";
import { scratch } from "./support/worker.ts";
import { fakeWorld } from "./support/world.ts";

const recordedBy = (version: string): readonly Recorded[] =>
  JSON.parse(releasedFile(version, "wire.json")) as readonly Recorded[];

/** Lines of the answer and of the server's log; what a laptop says of its own work, and how long something took, may change. */
function saidOf(out: string): readonly object[] {
  const lines = out
    .replaceAll(/\b\d+ ms\b/g, "some ms")
    .replaceAll(
      /(?<="id":"worker"[^}]*"evidence":")[^"]*|(?<="evidence":")[^"]*(?="[^}]*"id":"worker")/g,
      "",
    )
    .split("\n")
    .filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as { kind?: string; offset?: number });
  return all.filter(
    ({ kind, offset }) => kind !== "upload" && (kind !== "step" || offset !== undefined),
  );
}

interface Asked {
  readonly service?: string;
  readonly created: number;
}

const bodiesOf = ({ exchanges }: Recorded): readonly Asked[] =>
  exchanges.flatMap(({ body }) => (body === undefined ? [] : [JSON.parse(body) as Asked]));

/** Runs a command of today's laptop, to which the server of then answers as it did. */
async function replay(t: TestContext, recorded: Recorded) {
  const dir = scratch(t);
  const runDir = join(dir, "run");
  const { localSocket } = instancePaths({ stateDir: "", runDir });
  const { asked } = await replayServer(t, localSocket, recorded.exchanges);
  const [first] = bodiesOf(recorded);
  const cwd = join(dir, "source");
  mkdirSync(cwd);
  const dockerfile = `# mypaas.servicename = ${first?.service ?? "web"}\nFROM scratch\n`;
  writeFileSync(join(cwd, "Dockerfile"), dockerfile);
  const world = fakeWorld({
    args: recorded.words,
    env: { MYPAAS_RUN_DIR: runDir },
    cwd,
    stdin: Readable.from(["only-for-this-test\n"]) as World["stdin"],
    now: () => first?.created ?? 0,
  });
  const code = await main(world, { worker: async () => undefined });
  return { code, out: world.out(), err: world.err(), asked };
}

for (const version of releasedVersions) {
  const all = recordedBy(version);

  test(`requests of a laptop of ${version} are understood, and mean what they meant`, (t) => {
    const { database } = releasedState(t, version);
    const state = new DatabaseSync(database, { readOnly: true });
    t.after(() => state.close());
    const known = state.prepare("SELECT content FROM requests WHERE id = ?");
    const bodies = all.flatMap(({ exchanges }) => exchanges.flatMap(({ body }) => body ?? []));
    const actions = new Set<string>();
    for (const body of bodies) {
      const request = parseRequest(Buffer.from(body));
      assert.deepEqual({ ...request }, JSON.parse(body));
      actions.add(request.action);
      const stored = known.get(requestId(Buffer.from(body)))?.["content"];
      if (stored !== undefined && isJobAction(request))
        assert.equal(contentId(request), stored, request.action);
    }
    console.log(`${bodies.length} requests, ${[...actions].toSorted().join(" ")}`);
    assert.ok(actions.size >= 20);
  });

  for (const recorded of all)
    test(`mypaas ${recorded.words.join(" ").slice(0, 60)} says what it said to a server of ${version}`, async (t) => {
      const { code, out, err, asked } = await replay(t, recorded);
      const isProgram = recorded.words.includes("--");
      if (isProgram) assert.equal(out, recorded.out, err);
      else assert.deepEqual(saidOf(out), saidOf(recorded.out), err);
      assert.equal(code, recorded.code, err);
      // The server of then leaves out what it does not know, so nothing more may be asked of it.
      const keys = (value: object) => Object.keys(value).toSorted();
      assert.deepEqual(asked.map(keys), bodiesOf(recorded).map(keys));
    });
}
