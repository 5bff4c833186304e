import assert from "node:assert/strict";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { makeHomeVolume, resolveHomeVolume } from "../../../src/adapters/host/home-volumes.ts";
import { refusal, scratch } from "../../support/worker.ts";

const hint = "hint: name a plain folder of its own, such as: mypaas.volume = ~/web-data:/data";

const unasked = () => Promise.reject(new Error("an existing folder needs no user"));

test("home volume: folders are made on the way, twice is fine", async (t) => {
  const home = scratch(t);
  const volume = { home, source: "a/b", forbidden: [] };
  assert.equal(await makeHomeVolume(volume, async () => undefined), `${home}/a/b`);
  assert.equal(await makeHomeVolume(volume, unasked), `${home}/a/b`);
  assert.equal(statSync(`${home}/a/b`).isDirectory(), true);
});

const refusals: readonly (readonly [string, (home: string) => string])[] = [
  ["", () => "is the home folder itself"],
  ["a/../..", () => 'leads through ".."'],
  [".ssh", () => 'leads through ".ssh"'],
  ["link/x", (home) => `${home}/link is a link`],
  ["file", (home) => `${home}/file is not a folder`],
  ["mypaas", (home) => `holds ${home}/mypaas/state`],
  ["mypaas/state/blobs", (home) => `holds ${home}/mypaas/state`],
];

for (const [source, why] of refusals) {
  test(`home volume: ~/${source} is refused`, async (t) => {
    const home = scratch(t);
    mkdirSync(`${home}/mypaas/state`, { recursive: true });
    symlinkSync("/etc", `${home}/link`);
    writeFileSync(`${home}/file`, "");
    const volume = { home, source, forbidden: [`${home}/mypaas/state`] };
    assert.equal(
      await refusal(() => resolveHomeVolume(volume)),
      `volume ~/${source}: ${why(home)}\n${hint}`,
    );
  });
}

test("home volume: the last new folder belongs to the user of the image", async (t) => {
  const home = scratch(t);
  const { uid, gid } = statSync(home);
  const volume = { home, source: "a/b", forbidden: [] };
  await makeHomeVolume(volume, async () => ({ uid, gid }));
  assert.deepEqual([statSync(`${home}/a/b`).uid, statSync(`${home}/a/b`).gid], [uid, gid]);
});

test("home volume: a home that is / or does not exist is refused", async () => {
  const why = (home: string) =>
    refusal(() => resolveHomeVolume({ home, source: "data", forbidden: [] }));
  assert.equal(await why("/"), `volume ~/data: the home folder is /, the whole server\n${hint}`);
  assert.equal(
    await why("/nonexistent"),
    `volume ~/data: the home folder /nonexistent does not exist\n${hint}`,
  );
});

test("home volume: a link to the state directory is refused", async (t) => {
  const home = scratch(t);
  mkdirSync(`${home}/real/state`, { recursive: true });
  symlinkSync(`${home}/real`, `${home}/link`);
  const forbidden = [`${home}/link/state`];
  assert.match(
    await refusal(() => resolveHomeVolume({ home, source: "real/state", forbidden })),
    /holds .*link\/state/,
  );
});
