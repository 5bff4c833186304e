import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseState, StoredRelease } from "../../../src/adapters/state/releases.ts";
import { repeatSource } from "../../../src/sources/repeat.ts";
import { pushSource } from "../../../src/sources/push.ts";
import {
  releaseToStart,
  repeatOf,
  runningRelease,
  withChanges,
} from "../../../src/worker/deploy/desired-release.ts";
import { hostsOf, hostsMovedToHttp } from "../../../src/worker/deploy/deploy-job.ts";
import { oldImages } from "../../../src/worker/deploy/image.ts";
import { mayRunAlready } from "../../../src/worker/deploy/runs-already.ts";
import { release } from "../../support/releases.ts";
import { plain } from "../../support/values.ts";
import { refusal, scratchState } from "../../support/worker.ts";

const stored = (number: number, state: ReleaseState, image = `r${number}`): StoredRelease => ({
  release: release("web", number, { image, env: { A: "1", B: "2" } }),
  imageId: image === "" ? "" : `sha256:${image}`,
  content: "c",
  state,
  created: 1,
  key: "root",
  job: 1,
});

const images: readonly (readonly [
  title: string,
  releases: readonly StoredRelease[],
  old: readonly string[],
])[] = [
  ["nothing of a service without releases", [], []],
  ["none while there are six", [6, 5, 4, 3, 2, 1].map((n) => stored(n, "retired")), []],
  [
    "what is older than six",
    [8, 7, 6, 5, 4, 3, 2, 1].map((n) => stored(n, "retired")),
    ["r2", "r1"],
  ],
  ["a failed one that is not the newest", [stored(3, "live"), stored(2, "failed")], ["r2"]],
  ["not the newest, though it failed", [stored(3, "failed"), stored(2, "live")], []],
  ["not the image of a stopped service", [stored(3, "failed"), stored(2, "stopped")], []],
  [
    "no image that a kept release shares",
    [stored(3, "live", "r1"), stored(2, "failed", "r1"), stored(1, "retired")],
    [],
  ],
  ["no image that was removed before", [stored(3, "live"), stored(2, "failed", "")], []],
];

for (const [title, releases, old] of images)
  test(`old images: ${title}`, () => assert.deepEqual(oldImages(releases), old));

test("hosts that want https are asked for once, and those that want it no more are known", () => {
  const of = (...routes: readonly string[]) => release("web", 1, { routes }).spec;
  const before = of("https://a.test", "https://a.test/x", "https://b.test", "https://c.test");
  assert.deepEqual(hostsOf(before), ["a.test", "b.test", "c.test"]);
  const cases: readonly (readonly [before: typeof before | undefined, left: readonly string[]])[] =
    [
      [undefined, []],
      [before, ["b.test"]],
    ];
  for (const [was, left] of cases)
    assert.deepEqual(hostsMovedToHttp(was, of("https://a.test", "http://b.test")), left);
});

test("a release is made whatever runs where its code is new, its build is asked for, or it is forced", () => {
  const live = stored(1, "live");
  const entries = [{ path: "Dockerfile", mode: 0o644, size: 1, sha256: "0".repeat(64) }];
  const pushed = (noCache: boolean) => {
    const push = { dockerfile: "Dockerfile", entries, options: { pull: false, noCache } };
    return pushSource({ service: "web", push }, () => assert.fail());
  };
  const same = { ...live, content: pushed(false).id };
  assert.equal(mayRunAlready(live, { source: repeatSource(live) }), true);
  assert.equal(mayRunAlready(live, { source: repeatSource(live), isForced: true }), false);
  assert.equal(mayRunAlready(live, { source: pushed(false) }), false);
  assert.equal(mayRunAlready(same, { source: pushed(false) }), true);
  assert.equal(mayRunAlready(same, { source: pushed(true) }), false);
});

test("what a service is decides what a command repeats, or why it cannot", async () => {
  const of = (live?: StoredRelease, stopped?: StoredRelease) => ({ service: "web", live, stopped });
  const live = stored(2, "live");
  const stopped = stored(3, "stopped");
  assert.equal(runningRelease("scale", of(live)), live);
  assert.equal(releaseToStart(of(undefined, stopped)), stopped);
  const refusals: readonly (readonly [() => unknown, string])[] = [
    [() => runningRelease("scale", of()), "scale web: it does not run\nhint: push it: mypaas push"],
    [
      () => runningRelease("scale", of(undefined, stopped)),
      "scale web: it is stopped\nhint: start it: mypaas start web",
    ],
    [() => releaseToStart(of()), "start web: it was never live\nhint: push it: mypaas push"],
    [
      () => releaseToStart(of(live)),
      "start web: it runs, release 2\nhint: to restart it: mypaas restart web",
    ],
  ];
  for (const [call, expected] of refusals) assert.equal(await refusal(call), expected);
});

test("a release with other values repeats no release, one like before repeats the first of its line", (t) => {
  const state = scratchState(t);
  const live = { ...stored(4, "live"), repeats: 2 };
  assert.equal(repeatOf(live).repeats, 2);
  const { env, repeats } = withChanges(state, live, { A: undefined, ...plain({ C: "3" }) });
  assert.deepEqual([env, repeats], [{ B: "2", C: "3" }, undefined]);
});
