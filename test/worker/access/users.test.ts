import assert from "node:assert/strict";
import { test } from "node:test";
import { readUsers } from "../../../src/adapters/state/users.ts";
import type { Users } from "../../../src/core/routing/middlewares.ts";
import { listUsers, removePassword, setPassword } from "../../../src/worker/access/users.ts";
import { refusal, scratchState } from "../../support/worker.ts";

test("passwords are kept for each service, reach Traefik at each change, and are listed without a hash", async (t) => {
  const state = scratchState(t);
  let now = 10;
  const served: Users[] = [];
  const serveUsers = async (users: Users) => void served.push(users);
  const parts = { state, now: () => now, serveUsers };
  const set = (service: string, user: string, hash: string) =>
    setPassword(parts, { service, user, hash });
  assert.deepEqual(await set("web", "ann", "one"), { service: "web", user: "ann", inUse: false });
  await set("api", "ann", "two");
  now = 20;
  await set("web", "ann", "three");
  await set("web", "bob", "four");
  assert.deepEqual(served.at(-1), { api: { ann: "two" }, web: { ann: "three", bob: "four" } });
  assert.deepEqual(listUsers(state, "web"), [
    { user: "ann", since: 20, inUse: false },
    { user: "bob", since: 20, inUse: false },
  ]);
  await removePassword(parts, { service: "web", user: "ann" });
  assert.deepEqual(served.at(-1), { api: { ann: "two" }, web: { bob: "four" } });
  assert.deepEqual(readUsers(state), served.at(-1));
  assert.equal(
    await refusal(() => removePassword(parts, { service: "web", user: "ann" })),
    "auth web: ann has no password here\nhint: list the users: mypaas auth web",
  );
});
