import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { migrations } from "../../../src/adapters/state/schema.ts";
import { openState } from "../../../src/adapters/state/state.ts";
import { forgetOldBlobs, knowsBlob, recordBlobs } from "../../../src/adapters/state/blobs.ts";
import { readValues, setValues, unsetValues } from "../../../src/adapters/state/env.ts";
import {
  beginJob,
  endJob,
  forgetJobs,
  insertJob,
  unfinishedJobs,
} from "../../../src/adapters/state/jobs.ts";
import { findLink } from "../../../src/adapters/state/links.ts";
import { addKey, readKeyLines, removeKey } from "../../../src/adapters/state/keys.ts";
import {
  claimingReleases,
  findRelease,
  forgetReleases,
  liveRelease,
  liveReleases,
  listReleases,
  putRelease,
  setLive,
} from "../../../src/adapters/state/releases.ts";
import {
  closeRequests,
  findRequest,
  forgetRequests,
  insertRequest,
  requestBody,
} from "../../../src/adapters/state/requests.ts";
import {
  ensureService,
  slugOwner,
  takeReleaseNumber,
} from "../../../src/adapters/state/services.ts";
import { hasLogged, insertLog, readLog } from "../../../src/adapters/state/log.ts";
import { appendStep, readSteps } from "../../../src/adapters/state/steps.ts";
import { release as makeRelease } from "../../support/releases.ts";
import { refusal, scratch, scratchState } from "../../support/worker.ts";
import { plain } from "../../support/values.ts";

const job = (service: string) => ({
  service,
  request: "r",
  key: "root",
  action: "push",
  content: "c",
});

test("state: what was written is there after it was closed, readable for nobody else", (t) => {
  const file = join(scratch(t), "state.db");
  const first = openState(file);
  setValues(first, "web", plain({ A: "1" }));
  first.close();
  const second = openState(file);
  assert.deepEqual(readValues(second, "web"), plain({ A: "1" }));
  second.close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("state: a file of a newer mypaas is refused and left as it is", async (t) => {
  const file = join(scratch(t), "state.db");
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE later (thing TEXT); PRAGMA user_version = 99");
  database.close();
  const before = readFileSync(file);
  assert.equal(
    await refusal(() => openState(file)),
    `${file}: written by a newer mypaas than this one (version 99, this one reads up to ${migrations.length})\nhint: update mypaas here, see "Five minutes" in README.md`,
  );
  assert.deepEqual(readFileSync(file), before);
});

test("state: a file that is no database is refused", async (t) => {
  const file = join(scratch(t), "state.db");
  writeFileSync(
    file,
    "this is text, and enough of it to be a page of something else\n".repeat(100),
  );
  assert.equal(
    await refusal(() => openState(file)),
    `${file}: not a usable database: file is not a database\nhint: restore the file from a backup, or move it away and run: mypaas init`,
  );
});

test("state: a full disk is no damaged database", async (t) => {
  const full = Object.assign(new Error("database or disk is full"), { errcode: 13 });
  t.mock.method(DatabaseSync.prototype, "exec", () => {
    throw full;
  });
  const file = join(scratch(t), "state.db");
  assert.equal(
    await refusal(() => openState(file)),
    `${file}: the disk is full\nhint: make room on the server, see: docker system df`,
  );
});

test("state: a directory that does not exist is refused", async (t) => {
  const file = join(scratch(t), "none", "state.db");
  assert.match(await refusal(() => openState(file)), /not a usable database: ENOENT/);
});

test("state: a transaction that throws leaves nothing behind", (t) => {
  const state = scratchState(t);
  assert.throws(() =>
    state.transaction(() => {
      setValues(state, "web", plain({ A: "1" }));
      throw new Error("stop");
    }),
  );
  assert.deepEqual(readValues(state, "web"), plain({}));
});

test("state: values can be set before the first push, changed and taken away", (t) => {
  const state = scratchState(t);
  setValues(state, "web", plain({ A: "1", B: "2" }));
  setValues(state, "web", plain({ A: "3" }));
  assert.deepEqual(unsetValues(state, "web", ["B", "C"]), ["B"]);
  assert.deepEqual(readValues(state, "web"), plain({ A: "3" }));
  assert.deepEqual(readValues(state, "other"), plain({}));
});

test("state: a release number is never given twice", (t) => {
  const state = scratchState(t);
  ensureService(state, { name: "a.b", slug: "a-b", now: 1 });
  ensureService(state, { name: "a.b", slug: "a-b", now: 2 });
  assert.deepEqual([takeReleaseNumber(state, "a.b"), takeReleaseNumber(state, "a.b")], [1, 2]);
  assert.equal(slugOwner(state, "a-b"), "a.b");
  assert.equal(slugOwner(state, "x"), undefined);
});

test("state: one release is live at a time, and a running job claims its routes", (t) => {
  const state = scratchState(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const running = insertJob(state, job("web"), 1);
  for (const number of [1, 2, 3]) {
    const release = makeRelease("web", number);
    putRelease(state, {
      release,
      imageId: "i",
      content: "c",
      state: "starting",
      created: 1,
      key: "root",
      job: running.id,
    });
  }
  setLive(state, "web", 1);
  setLive(state, "web", 2);
  assert.equal(liveRelease(state, "web")?.release.number, 2);
  assert.deepEqual(
    listReleases(state, "web").map((one) => one.state),
    ["starting", "live", "retired"],
  );
  assert.equal(claimingReleases(state).length, 1);
  beginJob(state, running.id, 0);
  assert.equal(claimingReleases(state).length, 2);
});

test("state: a release that goes live has its routes alone, whoever had them before", (t) => {
  const state = scratchState(t);
  const put = (service: string, number: number, routes: readonly string[]) => {
    ensureService(state, { name: service, slug: service, now: 1 });
    const release = makeRelease(service, number, { routes });
    const rest = { imageId: "i", content: "c", created: 1, key: "root", job: 1 };
    putRelease(state, { release, state: "starting", ...rest });
    setLive(state, service, number);
    return release;
  };
  const blog = put("blog", 3, ["https://a.test", "http://b.test", "http://a.test/x"]);
  put("web", 1, ["http://a.test"]);
  const [yielded] = blog.spec.routes;
  assert.deepEqual(
    liveReleases(state).map(({ release }) => [
      release.spec.service,
      release.number,
      release.yielded,
    ]),
    [
      ["blog", 3, [yielded]],
      ["web", 1, undefined],
    ],
  );
  put("web", 2, ["http://a.test", "http://b.test"]);
  assert.deepEqual(liveRelease(state, "blog")?.release.yielded, blog.spec.routes.slice(0, 2));
  assert.equal(put("blog", 4, []).yielded, undefined);
});

test("state: a damaged release is named, stays where it is and keeps no other from being read", async (t) => {
  const state = scratchState(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const rest = { imageId: "i", content: "c", created: 1, key: "root", job: 1 };
  for (const number of [1, 2])
    putRelease(state, { release: makeRelease("web", number), state: "starting", ...rest });
  setLive(state, "web", 1);
  setLive(state, "web", 2);
  const cut = '{"instance":"mypaas","number":1,"sp';
  state.run("UPDATE releases SET release = ? WHERE number = 1", cut);
  assert.equal(liveReleases(state).length, 1);
  assert.equal(findRelease(state, "web", 2)?.state, "live");
  assert.equal(
    await refusal(() => listReleases(state, "web")),
    "state: release 1 of web: damaged: it is no JSON or cut off\nhint: restore the state from a backup; what runs goes on as it is",
  );
  setLive(state, "web", 2);
  const kept = state.get("SELECT release FROM releases WHERE number = 1");
  assert.equal(kept?.text("release"), cut);
});

test("state: a damaged event in a log keeps no other from being found", (t) => {
  const state = scratchState(t);
  const { id } = insertJob(state, job("web"), 1);
  const said = { kind: "unchanged", service: "web", release: 1, at: 1 } as const;
  insertLog(
    state,
    id,
    [0, 1].map((offset) => ({ ...said, offset })),
  );
  state.run('UPDATE job_log SET event = \'{"kind":"unch\' WHERE offset = 0');
  assert.equal(hasLogged(state, id, "unchanged"), true);
  assert.equal(hasLogged(state, id, "live"), false);
  assert.deepEqual(
    readLog(state, { job: id, from: 0, limit: 9 }).map(({ kind }) => kind),
    ["note", "unchanged"],
  );
});

test("state: keys keep their order and none is there twice", (t) => {
  const state = scratchState(t);
  assert.equal(addKey(state, { fingerprint: "b", line: "B", now: 1, by: "root" }), true);
  assert.equal(addKey(state, { fingerprint: "a", line: "A", now: 2, by: "root" }), true);
  assert.equal(addKey(state, { fingerprint: "a", line: "C", now: 3, by: "root" }), false);
  assert.deepEqual(
    readKeyLines(state).map(({ line }) => line),
    ["B", "A"],
  );
  assert.equal(removeKey(state, "a"), true);
  assert.equal(removeKey(state, "a"), false);
});

test("state: a job has one end", (t) => {
  const state = scratchState(t);
  const { id } = insertJob(state, job("web"), 1);
  assert.equal(beginJob(state, id, 0), true);
  assert.equal(beginJob(state, id, 0), false);
  assert.equal(endJob(state, id, "done", 2), true);
  assert.equal(endJob(state, id, "failed", 3), false);
  assert.deepEqual(unfinishedJobs(state), []);
});

test("state: old jobs go with their log, unfinished ones stay", (t) => {
  const state = scratchState(t);
  const ids = [1, 2, 3, 4].map(() => insertJob(state, job("web"), 1).id);
  for (const id of ids.slice(1)) endJob(state, id, "done", 2);
  appendStep(state, ids[1] ?? 0, { step: "hold", phase: "intent", data: {}, at: 1 });
  forgetJobs(state, "web", 1);
  assert.deepEqual(
    state.all("SELECT id FROM jobs ORDER BY id").map((row) => row.integer("id")),
    [ids[0], ids[3]],
  );
  assert.deepEqual(readSteps(state, ids[1] ?? 0), []);
});

test("state: steps come back in order with their data", (t) => {
  const state = scratchState(t);
  const { id } = insertJob(state, job("web"), 1);
  const data = { service: "web", release: 2, from: 1 };
  appendStep(state, id, { step: "hold", phase: "intent", data, at: 5 });
  appendStep(state, id, { step: "hold", phase: "outcome", data: undefined, at: 6 });
  assert.deepEqual(readSteps(state, id), [
    { seq: 0, step: "hold", phase: "intent", data, at: 5 },
    { seq: 1, step: "hold", phase: "outcome", data: {}, at: 6 },
  ]);
});

test("state: blobs of the last pushes and of unfinished ones stay known to their service alone", (t) => {
  const state = scratchState(t);
  const use = (...shas: readonly string[]) => {
    const { id } = insertJob(state, job("web"), 1);
    recordBlobs(
      state,
      "web",
      id,
      shas.map((sha256) => ({ sha256, size: 1 })),
    );
    return id;
  };
  const running = use("running");
  for (const sha of ["one", "two", "three"]) endJob(state, use(sha, "always"), "done", 1);
  forgetOldBlobs(state, "web", 2);
  const known = () =>
    ["running", "one", "two", "three", "always"].filter((sha) => knowsBlob(state, "web", sha));
  assert.deepEqual(known(), ["running", "one", "two", "three", "always"]);
  endJob(state, running, "failed", 1);
  forgetOldBlobs(state, "web", 2);
  assert.deepEqual(known(), ["two", "three", "always"]);
  assert.equal(knowsBlob(state, "other", "always"), false);
});

test("state: a request keeps its body until its job ends and is forgotten when its token ends", (t) => {
  const state = scratchState(t);
  const request = {
    id: "r",
    action: "push",
    service: "web",
    key: "root",
    accepted: 1,
    expires: 100,
    tokenHash: "h",
    content: "c",
    job: undefined,
  };
  const { id } = insertJob(state, job("web"), 1);
  insertRequest(state, { ...request, job: id }, Buffer.from("body"));
  assert.deepEqual(forgetRequests(state, 1000), []);
  assert.equal(Buffer.from(requestBody(state, "r") ?? []).toString(), "body");
  endJob(state, id, "done", 2);
  closeRequests(state, id, 50);
  assert.equal(requestBody(state, "r"), undefined);
  assert.equal(findRequest(state, "r")?.expires, 50);
  assert.deepEqual(forgetRequests(state, 51), ["r"]);
  assert.equal(findRequest(state, "r"), undefined);
});

test("state: releases that cannot run again are forgotten, but for the newest", (t) => {
  const state = scratchState(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const put = (number: number, was: "live" | "retired" | "failed", imageId: string) =>
    putRelease(state, {
      release: makeRelease("web", number),
      imageId,
      content: "c",
      state: was,
      created: 1,
      key: "root",
      job: number,
    });
  put(1, "live", "");
  put(2, "retired", "sha256:2");
  put(3, "retired", "");
  put(4, "failed", "");
  put(5, "failed", "");
  forgetReleases(state, "web", 1);
  assert.deepEqual(
    listReleases(state, "web").map(({ release }) => release.number),
    [5, 2, 1],
  );
});

test("a link of the version before links had deploy keys is read with defaults", (t) => {
  const file = `${scratch(t)}/state.db`;
  const old = new DatabaseSync(file);
  for (const [index, migration] of migrations.slice(0, 13).entries())
    old.exec(`${migration}; PRAGMA user_version = ${index + 1}`);
  old.exec(`INSERT INTO links (service, id, url, branch, dockerfile, secret, auto, key, since)
    VALUES ('web', 'l1', 'https://git.example.test/web', 'main', 'Dockerfile', 's', 1, 'root', 1)`);
  old.close();
  const state = openState(file);
  t.after(() => state.close());
  const { url, deployKey, hostKey, status } = findLink(state, "web") ?? {};
  assert.deepEqual(
    [url, deployKey, hostKey, status],
    ["https://git.example.test/web", undefined, undefined, undefined],
  );
});
