import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { main } from "../src/cli/main.ts";
import { instancePaths } from "../src/core/server/instance.ts";
import { contentId, parseRequest, requestId } from "../src/core/wire/request.ts";
import type { Recorded } from "./support/history-e2e.ts";
import { releasedFile, releasedState, releasedVersions } from "./support/released.ts";
import { replayServer } from "./support/replay-server.ts";
import { scratch } from "./support/worker.ts";
import { fakeWorld } from "./support/world.ts";

const recordedBy = (version: string): readonly Recorded[] =>
  JSON.parse(releasedFile(version, "wire.json")) as readonly Recorded[];

/** Lines of the answer and those of the server's log; what a laptop says of its own work may change. */
function saidOf(out: string): readonly object[] {
  const lines = out.split("\n").filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as { kind?: string; offset?: number });
  return all.filter(
    ({ kind, offset }) => kind !== "upload" && (kind !== "step" || offset !== undefined),
  );
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
      if (stored !== undefined) assert.equal(contentId(request), stored, request.action);
    }
    console.log(`${bodies.length} requests, ${[...actions].toSorted().join(" ")}`);
    assert.ok(actions.size >= 20);
  });

  for (const { command, code, out, exchanges } of all)
    test(`mypaas ${command.join(" ").slice(0, 60)} says what it said to a server of ${version}`, async (t) => {
      const dir = scratch(t);
      const runDir = join(dir, "run");
      const { localSocket } = instancePaths({ stateDir: "", runDir });
      const { asked } = await replayServer(t, localSocket, exchanges);
      const service = exchanges.flatMap(({ body }) => body ?? [])[0];
      const name = (JSON.parse(service ?? "{}") as { readonly service?: string }).service ?? "web";
      writeFileSync(join(dir, "Dockerfile"), `# mypaas.servicename = ${name}\nFROM scratch\n`);
      const words = command.includes("--") ? command : [...command, "--json"];
      const world = fakeWorld({ args: words, env: { MYPAAS_RUN_DIR: runDir }, cwd: dir });
      const ended = await main(world, { worker: async () => undefined });
      const said = command.includes("--") ? [world.out(), out] : [saidOf(world.out()), saidOf(out)];
      assert.deepEqual(said[0], said[1], world.err());
      assert.equal(ended, code, world.err());
      for (const [at, request] of asked.entries()) {
        const before = exchanges.flatMap(({ body }) => body ?? [])[at] ?? "{}";
        const keys = (value: object) => Object.keys(value).toSorted();
        assert.deepEqual(keys(request), keys(JSON.parse(before) as object));
      }
    });
}
