import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { readMaintenance } from "../../src/adapters/state/maintenance.ts";
import { forgetService } from "../../src/adapters/state/services.ts";
import type { State } from "../../src/adapters/state/state.ts";
import type { Maintenance } from "../../src/core/routing/routing-state.ts";
import { openMaintenance } from "../../src/worker/maintenance/maintenance.ts";
import { release } from "../support/releases.ts";
import { refusal, scratchState } from "../support/worker.ts";

/** A state in which `web` is live with a route, `db` without one, and `new` never was. */
function world(t: TestContext, fails: { page?: Error; router?: Error } = {}) {
  const state = scratchState(t);
  for (const name of ["web", "db", "new"])
    state.run("INSERT INTO services (name, slug, created) VALUES (?, ?, 0)", name, name);
  const live = (service: string, routes: readonly string[]): void => {
    const json = JSON.stringify(release(service, 1, { routes }));
    const sql = `INSERT INTO releases (service, number, release, image_id, content, state, created, key, job)
      VALUES (?, 1, ?, 'i', 'c', 'live', 0, 'k', 0)`;
    state.run(sql, service, json);
  };
  live("web", ["http://a.test"]);
  live("db", []);
  const log: string[] = [];
  const name = ({ service, text }: Maintenance) => `${service} ${text}`.trim();
  let clock = 1000;
  const control = openMaintenance({
    state,
    router: {
      maintain: async (all) => {
        if (fails.router !== undefined) throw fails.router;
        log.push(`routes of ${all.map(name).join(", ") || "none"}`);
      },
    },
    page: {
      ensure: async () => {
        if (fails.page !== undefined) throw fails.page;
        log.push("page");
      },
      remove: async () => void log.push("no page"),
    },
    now: () => (clock += 1),
    random: (bytes) => Buffer.alloc(bytes, 7),
  });
  return { state, log, control };
}

const set = (service: string, on: boolean, text?: string) =>
  ({
    action: "maintenance.set",
    service,
    ...(on && { on }),
    ...(text !== undefined && { text }),
  }) as const;

const stored = (state: State) => readMaintenance(state).map(({ service, text }) => [service, text]);

test("the page is there before routes lead to it, and goes after the last of them", async (t) => {
  const { state, log, control } = world(t);
  const begun = await control.set(set("web", true, "soon"));
  assert.deepEqual(begun, { service: "web", on: true, since: 1001, text: "soon" });
  assert.deepEqual(control.show("web"), begun);
  assert.equal(readMaintenance(state)[0]?.pass, "07".repeat(16));
  assert.deepEqual(await control.set(set("web", false)), { service: "web", on: false });
  assert.deepEqual(control.show("web"), { service: "web", on: false });
  assert.deepEqual(log, ["page", "routes of web soon", "routes of none", "no page"]);
});

test("switched on again it keeps its beginning, and its text unless there is another", async (t) => {
  const { control } = world(t);
  await control.set(set("web", true, "soon"));
  assert.deepEqual(await control.set(set("web", true)), {
    service: "web",
    on: true,
    since: 1001,
    text: "soon",
  });
  assert.equal((await control.set(set("web", true, ""))).text, "");
});

test("two changes at once come one after the other", async (t) => {
  const { log, control } = world(t);
  await Promise.all([control.set(set("web", true, "a")), control.set(set("web", false))]);
  assert.deepEqual(log, ["page", "routes of web a", "routes of none", "no page"]);
});

test("without the page it begins all the same, and says so", async (t) => {
  const { control } = world(t, { page: new Error("image x: not there yet") });
  assert.equal((await control.set(set("web", true))).trouble, "image x: not there yet");
});

test("what Traefik did not take over is not stored", async (t) => {
  const { state, control } = world(t, { router: new Error("disk full") });
  await assert.rejects(control.set(set("web", true, "soon")), /disk full/);
  assert.deepEqual(stored(state), []);
});

test("refused: an unknown service, and one without a route", async (t) => {
  const { control } = world(t);
  assert.match(await refusal(() => control.set(set("nobody", true))), /service nobody: not known/);
  assert.match(await refusal(async () => control.show("nobody")), /service nobody: not known/);
  for (const service of ["db", "new"])
    assert.match(
      await refusal(() => control.set(set(service, true))),
      new RegExp(`^maintenance ${service}: the service has no route that could answer`),
    );
  assert.deepEqual(await control.set(set("db", false)), { service: "db", on: false });
});

test("a worker that starts makes the page where there is a maintenance, and it goes with its service", async (t) => {
  const { state, log, control } = world(t);
  await control.start();
  assert.deepEqual(log, []);
  await control.set(set("web", true));
  await control.start();
  assert.deepEqual(log, ["page", "routes of web", "page"]);
  forgetService(state, "web", 0);
  assert.deepEqual(stored(state), []);
});
