import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { readRegistries } from "../../../src/adapters/state/registries.ts";
import { listRegistries, logIn, logOut } from "../../../src/worker/access/registries.ts";
import { refusal, scratchState } from "../../support/worker.ts";

const login = {
  action: "registry.login",
  host: "ghcr.io",
  username: "ann",
  password: "secret-word",
} as const;

test("a login is stored after the registry accepts it, the newest for each host", async (t) => {
  const state = scratchState(t);
  let now = 10;
  const parts = { state, now: () => now, checkLogin: () => Promise.resolve() };
  assert.deepEqual(await logIn(parts, login), { host: "ghcr.io", username: "ann", since: 10 });
  now = 20;
  await logIn(parts, { ...login, username: "bob", password: "another-word" });
  await logIn(parts, { ...login, host: "docker.io" });
  assert.deepEqual(listRegistries(state), [
    { host: "docker.io", username: "ann", since: 20 },
    { host: "ghcr.io", username: "bob", since: 20 },
  ]);
  assert.deepEqual(
    readRegistries(state).map(({ password }) => password),
    ["secret-word", "another-word"],
  );
});

test("a refused login leaves the stored one; a logout removes it, and fails without one", async (t) => {
  const state = scratchState(t);
  const parts = { state, now: () => 10, checkLogin: () => Promise.resolve() };
  await logIn(parts, login);
  const refuse = () => Promise.reject(new UserError("registry ghcr.io: no"));
  const again = { ...parts, checkLogin: refuse };
  assert.equal(
    await refusal(() => logIn(again, { ...login, username: "eve" })),
    "registry ghcr.io: no",
  );
  assert.deepEqual(logOut(state, "ghcr.io"), { host: "ghcr.io", username: "ann", since: 10 });
  assert.equal(
    await refusal(() => logOut(state, "ghcr.io")),
    "registry ghcr.io: no login is stored\nhint: list the logins: mypaas registry list",
  );
});
