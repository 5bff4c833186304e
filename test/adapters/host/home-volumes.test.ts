import assert from "node:assert/strict";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  makeHomeVolume,
  numericUser,
  resolveHomeVolume,
} from "../../../src/adapters/host/home-volumes.ts";
import { refusal, scratch } from "../../support/worker.ts";

const hint = "hint: name a plain folder of its own, such as: mypaas.volume = ~/web-data:/data";

test("home volume: folders are made on the way, twice is fine", async (t) => {
  const home = scratch(t);
  const volume = { home, source: "a/b", forbidden: [] };
  assert.equal(await makeHomeVolume(volume, ""), `${home}/a/b`);
  assert.equal(await makeHomeVolume(volume, "node"), `${home}/a/b`);
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

test("home volume: only a numeric user of an image becomes the owner", () => {
  assert.deepEqual(
    ["", "1000", "1000:50", "node", "node:50"].map((user) => numericUser(user)),
    [{ uid: 0, gid: 0 }, { uid: 1000, gid: 1000 }, { uid: 1000, gid: 50 }, undefined, undefined],
  );
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
