import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { sshString } from "../../../src/core/ssh/wire-format.ts";
import type { Action } from "../../../src/core/actions/actions.ts";
import type { Results } from "../../../src/core/actions/actions.ts";
import {
  putRelease,
  setReceipt,
  type StoredRelease,
} from "../../../src/adapters/state/releases.ts";
import { realClock } from "../../../src/adapters/clock.ts";
import { insertJob } from "../../../src/adapters/state/jobs.ts";
import type { StoredRequest } from "../../../src/adapters/state/requests.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { openBlobStore } from "../../../src/adapters/host/blob-store.ts";
import { createBackend } from "../../../src/worker/accept/backend.ts";
import { keysFileWriter, syncKeysFile } from "../../../src/worker/access/enrolled-keys.ts";
import { createJobLog } from "../../../src/worker/jobs/job-log.ts";
import { createPushes } from "../../../src/worker/accept/pushes.ts";
import { createQueue } from "../../../src/worker/jobs/queue.ts";
import { queuedKindsOf, unchanged } from "../../support/queued-kind.ts";
import { release } from "../../support/releases.ts";
import { refusal, scratch, scratchState } from "../../support/worker.ts";

const server = "0123456789abcdef";
const sha = (text: string) => createHash("sha256").update(text).digest("hex");

function laptop(options = "") {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([sshString("ssh-ed25519"), sshString(x)]);
  const signed = (body: Uint8Array) => {
    const head = [sshString("mypaas@v1"), sshString(""), sshString("sha512")];
    const hash = sshString(createHash("sha512").update(body).digest());
    const raw = sign(null, Buffer.concat([Buffer.from("SSHSIG"), ...head, hash]), privateKey);
    const signature = sshString(Buffer.concat([sshString("ssh-ed25519"), sshString(raw)]));
    const version = Buffer.from([0, 0, 0, 1]);
    return Buffer.concat([Buffer.from("SSHSIG"), version, sshString(blob), ...head, signature]);
  };
  const fingerprint = `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
  return { line: `${options}ssh-ed25519 ${blob.toString("base64")} laptop`, signed, fingerprint };
}

function open(t: TestContext, free = 1e12) {
  const dir = scratch(t);
  const state = scratchState(t);
  const now = () => Date.UTC(2026, 10, 21, 12);
  const log = createJobLog({ state, now });
  const store = openBlobStore({ dir: `${dir}/blobs`, freeBytes: () => Promise.resolve(free) });
  const queue = createQueue({
    state,
    log,
    clock: realClock(now),
    kindOf: queuedKindsOf(async () => unchanged),
    secretsOf: () => [],
    still: () => "",
    onEnd: () => {},
    limit: 1,
  });
  const uploads = new Map<string, string>();
  const pushes = createPushes({
    state,
    store,
    config: { domain: "paas.example.com" },
    queue,
    take: (_stored, wanted) =>
      store.put(
        wanted,
        (async function* bytes() {
          yield Buffer.from(uploads.get(wanted.sha256) ?? "");
        })(),
      ),
  });
  const file = `${dir}/authorized_keys`;
  const hosts = ["web", "api"].map(
    (name) => ({ host: `${name}.test`, services: [name], state: "issued" }) as const,
  );
  const actions = {
    state,
    now,
    random: randomBytes,
    version: "1.2.3",
    instance: "mypaas",
    domain: undefined,
    wildcards: false,
    certificates: {
      list: () => ({ certificates: hosts }),
      add: () => Promise.reject(new Error("nobody adds certificates here")),
      remove: () => Promise.resolve(),
      retry: () => Promise.resolve(hosts),
    },
    maintenance: {
      show: (service: string) => ({ service, on: false }),
      set: () => Promise.reject(new Error("not asked")),
    },
    keysChanged: keysFileWriter(state, file),
    serveUsers: async () => {},
    plan: () => Promise.reject(new Error("nobody plans here")),
    metrics: () => {
      throw new Error("not asked");
    },
    disk: () => Promise.reject(new Error("not asked")),
    checkLogin: () => Promise.resolve(),
    examine: () => Promise.reject(new Error("not asked")),
    removeInfo: () => Promise.reject(new Error("not asked")),
    builder: async () => ({ engine: "20.10.24", buildkit: true }),
    imagesThere: async (references: readonly string[]) =>
      new Set(
        references.filter((image) => image !== "mypaas/web:r1").map((image) => `sha256:${image}`),
      ),
  };
  const attachments = { accept: () => Promise.reject(new Error("not asked")) };
  const streams = {
    check: () => undefined,
    open: async ({ action }: StoredRequest, from: string) =>
      (async function* lines() {
        yield `${action} from ${from}\n`;
        yield "more\n";
      })(),
  };
  const parts = { state, log, pushes, queue, actions, attachments, streams, now, server };
  const local = createBackend({ ...parts, entry: "local" });
  const outside = createBackend({ ...parts, entry: "outside" });
  const ask = (action: Action, to = "local", token = "token") =>
    Buffer.from(
      JSON.stringify({
        v: 1,
        server: to,
        created: now(),
        nonce: randomBytes(16).toString("hex"),
        tokenHash: sha(token),
        ...action,
      }),
    );
  return { local, outside, ask, state, file, uploads, dir };
}

const push = (service: string, text = "FROM x", noCache = false): Action => ({
  action: "push",
  service,
  push: {
    dockerfile: "Dockerfile",
    entries: [{ path: "Dockerfile", mode: 0o644, size: text.length, sha256: sha(text) }],
    options: { pull: false, noCache },
  },
});

test("backend: root sets and lists values, and no value comes back", async (t) => {
  const { local, ask } = open(t);
  await local.accept(
    ask({ action: "env.set", service: "web", set: { A: "1", B: "1" } }),
    undefined,
  );
  const { result } = await local.accept(ask({ action: "env.list", service: "web" }), undefined);
  assert.match(
    JSON.stringify(result),
    /^{"service":"web","env":\[{"name":"A","fingerprint":"[0-9a-f]{12}","use":"environment","paths":\[\]},{"name":"B","fingerprint":"[0-9a-f]{12}","use":"environment","paths":\[\]}]}$/,
  );
});

test("backend: a request is accepted once", async (t) => {
  const { local, ask } = open(t);
  const body = ask({ action: "server.info" });
  await local.accept(body, undefined);
  assert.equal(
    await refusal(() => local.accept(body, undefined)),
    `request ${createHash("sha256").update(body).digest("hex").slice(0, 12)}: already accepted\nhint: sign a new one: run the same command again`,
  );
});

test("backend: the outside needs a signature of an enrolled key, and its rights count", async (t) => {
  const { local, outside, ask } = open(t);
  const ann = laptop('services="blog" ');
  await local.accept(ask({ action: "key.add", line: ann.line }), undefined);
  const info = ask({ action: "server.info" }, server);
  assert.equal(
    await refusal(() => outside.accept(info, undefined)),
    "signature: missing\nhint: sign the request with an enrolled key: mypaas push --key FILE",
  );
  assert.match(await refusal(() => outside.accept(info, laptop().signed(info))), /not enrolled/);
  assert.deepEqual((await outside.accept(info, ann.signed(info))).result, {
    version: "1.2.3",
    instance: "mypaas",
    builder: { engine: "20.10.24", buildkit: true },
    wildcards: false,
    own: [],
  });
  const other = ask(push("web"), server);
  assert.match(
    await refusal(() => outside.accept(other, ann.signed(other))),
    /not allowed: push web/,
  );
});

test("backend: a request for another server is refused on the local socket too", async (t) => {
  const { local, ask } = open(t);
  assert.equal(
    await refusal(() =>
      local.accept(ask({ action: "server.info" }, "ffffffffffffffff"), undefined),
    ),
    `request: made for server ffffffffffffffff, this is ${server}\nhint: leave out --remote to act on this server`,
  );
});

test("backend: a key sees certificates of services that it may see, and adds none", async (t) => {
  const { local, outside, ask } = open(t);
  const ann = laptop('services="w*" ');
  await local.accept(ask({ action: "key.add", line: ann.line }), undefined);
  const list = ask({ action: "cert.list" }, server);
  assert.deepEqual((await outside.accept(list, ann.signed(list))).result, {
    certificates: [{ host: "web.test", services: ["web"], state: "issued" }],
  });
  const retry = ask({ action: "cert.retry" }, server);
  assert.match(
    await refusal(() => outside.accept(retry, ann.signed(retry))),
    /not allowed: cert.retry \(its services are w\*\)/,
  );
});

test("backend: what one service has sent is missing for another, and travels once for its own", async (t) => {
  const { local, ask, uploads } = open(t);
  const first = await local.accept(ask(push("web")), undefined);
  assert.deepEqual(first.missing, [{ sha256: sha("FROM x"), size: 6 }]);
  uploads.set(sha("FROM x"), "FROM x");
  const started = await local.start(first.request, "token");
  assert.equal(started.job, 1);
  assert.deepEqual(await local.start(first.request, "token"), started);
  const again = await local.accept(ask(push("web")), undefined);
  assert.deepEqual(again, { request: again.request, job: 1, attached: true, missing: [] });
  const fresh = await local.accept(ask(push("web", "FROM x", true)), undefined);
  assert.deepEqual([fresh.job, fresh.missing], [undefined, []]);
  assert.equal((await local.accept(ask(push("blog")), undefined)).missing.length, 1);
});

test("backend: a start with other bytes than the manifest says makes no job", async (t) => {
  const { local, ask, uploads, state } = open(t);
  const { request } = await local.accept(ask(push("web")), undefined);
  uploads.set(sha("FROM x"), "FROM y");
  assert.match(await refusal(() => local.start(request, "token")), /its content has the hash/);
  assert.equal(state.all("SELECT id FROM jobs").length, 0);
  assert.equal(
    await refusal(() => local.events(request, "token", 0, new AbortController().signal)),
    "request: has no job yet\nhint: push again: mypaas push",
  );
});

test("backend: a request that is no push has nothing to upload", async (t) => {
  const { local, ask } = open(t);
  const others = [{ action: "env.list", service: "web" }, { action: "server.info" }] as const;
  for (const action of others) {
    const { request } = await local.accept(ask(action), undefined);
    const words = `request ${request.slice(0, 12)}: ${action.action} has no uploads`;
    assert.equal(await refusal(() => local.status(request, "token")), words);
    assert.equal(await refusal(() => local.start(request, "token")), words);
  }
});

test("backend: a wrong token and an unknown request are refused with the same words", async (t) => {
  const { local, ask, state } = open(t);
  const { request } = await local.accept(ask(push("web")), undefined);
  const words = "token: does not belong to this request\nhint: push again: mypaas push";
  assert.equal(await refusal(() => local.status(request, "other")), words);
  assert.equal(await refusal(() => local.status("00".repeat(32), "token")), words);
  state.run("UPDATE requests SET expires = 5");
  assert.equal(
    await refusal(() => local.status(request, "token")),
    "token: expired on 1970-01-01T00:00:00.005Z\nhint: push again: mypaas push",
  );
});

test("backend: keys are added once, garbage never, and the last one that manages keys stays", async (t) => {
  const { local, outside, ask, file } = open(t);
  const ann = laptop();
  const add = (line: string) => local.accept(ask({ action: "key.add", line }), undefined);
  await add(ann.line);
  await add(laptop('actions="push" ').line);
  assert.equal(
    await refusal(() => add(ann.line)),
    `key ${ann.fingerprint}: already enrolled\nhint: to change its options, first run: mypaas key remove ${ann.fingerprint}`,
  );
  assert.equal(
    await refusal(() => add("hello")),
    'key: no public key in "hello"\nhint: give one line of an OpenSSH public key file: mypaas key add ~/.ssh/id_ed25519.pub',
  );
  const remove = (fingerprint: string) => ask({ action: "key.remove", fingerprint }, server);
  const none = remove("SHA256:none");
  assert.equal(
    await refusal(() => outside.accept(none, ann.signed(none))),
    "key SHA256:none: not enrolled\nhint: list the keys: mypaas key list",
  );
  const last = remove(ann.fingerprint);
  assert.equal(
    await refusal(() => outside.accept(last, ann.signed(last))),
    `key ${ann.fingerprint}: it is the last key that may manage keys\nhint: enrol another key first: mypaas key add, or remove it as root on the server`,
  );
  assert.equal(readFileSync(file, "utf8").includes(ann.line), true);
  await local.accept(remove(ann.fingerprint), undefined);
  assert.equal(readFileSync(file, "utf8").includes(ann.line), false);
});

test("backend: keys that init wrote are taken over once, and then only the state counts", async (t) => {
  const { state, dir } = open(t);
  const file = `${dir}/keys/authorized_keys`;
  mkdirSync(`${dir}/keys`);
  const [ann, bob] = [laptop(), laptop()];
  const { writeFileSync } = await import("node:fs");
  writeFileSync(file, `${ann.line}\n`);
  await syncKeysFile(state, file, 1);
  writeFileSync(file, `${ann.line}\n${bob.line}\n`);
  await syncKeysFile(state, file, 2);
  assert.equal(readFileSync(file, "utf8").includes(bob.line), false);
  assert.equal(readFileSync(file, "utf8").includes(ann.line), true);
});

test("backend: a push for which there is no room is refused before anything of it is kept", async (t) => {
  const { local, ask, state } = open(t, 256 * 1024 * 1024);
  assert.match(await refusal(() => local.accept(ask(push("web")), undefined)), /^disk: .* stay in/);
  assert.equal(state.all("SELECT id FROM requests").length, 0);
});

test("backend: the same push twice at once is accepted once", async (t) => {
  const { local, ask } = open(t);
  const body = ask(push("web"));
  const ends = await Promise.allSettled([1, 2].map(() => local.accept(body, undefined)));
  assert.deepEqual(ends.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  const refused = ends.find((end) => end.status === "rejected");
  assert.match(
    await refusal(() => Promise.reject(refused?.reason as Error)),
    /^request [0-9a-f]{12}: already accepted\n/,
  );
});

test("backend: of two changes of keys at once the file has both", async (t) => {
  const { local, ask, file } = open(t);
  const lines = [1, 2, 3, 4].map(() => laptop().line);
  await Promise.all(lines.map((line) => local.accept(ask({ action: "key.add", line }), undefined)));
  for (const line of lines) assert.equal(readFileSync(file, "utf8").includes(line), true);
});

const stored = (service: string, number: number, more: Partial<StoredRelease> = {}) => ({
  release: release(service, number, { image: `mypaas/${service}:r${number}` }),
  imageId: `sha256:mypaas/${service}:r${number}`,
  content: "c",
  state: "retired" as const,
  created: number,
  key: "root",
  job: number,
  ...more,
});

test("backend: releases are listed with what can be gone back to, each key only those of its services", async (t) => {
  const { local, outside, ask, state } = open(t);
  for (const name of ["blog", "web"]) ensureService(state, { name, slug: name, now: 1 });
  const ann = laptop('services="web",actions="env" ');
  await local.accept(ask({ action: "key.add", line: ann.line }), undefined);
  putRelease(state, stored("blog", 1, { state: "live", key: ann.fingerprint }));
  putRelease(state, stored("web", 1));
  putRelease(state, stored("web", 2));
  putRelease(state, stored("web", 3, { state: "failed", imageId: "" }));
  putRelease(state, stored("web", 4, { state: "live", repeats: 2 }));
  setReceipt(state, { service: "web", number: 4 }, { ms: 1400, requests: 412, failed: 0 });
  const list = async (service?: string) => {
    const body = ask({ action: "release.list", ...(service !== undefined && { service }) }, server);
    const { result } = await outside.accept(body, ann.signed(body));
    return (result as Results["release.list"]).releases;
  };
  const listed = await list();
  assert.deepEqual(
    listed.map((one) => [one.service, one.release, one.state, one.canRollBack]),
    [
      ["web", 4, "live", false],
      ["web", 3, "failed", false],
      ["web", 2, "retired", true],
      // Somebody removed its image with docker.
      ["web", 1, "retired", false],
    ],
  );
  assert.deepEqual(listed[0], {
    service: "web",
    release: 4,
    state: "live",
    created: 4,
    image: "sha256:mypaas/web:r4",
    repeats: 2,
    receipt: { ms: 1400, requests: 412, failed: 0 },
    by: "root",
    canRollBack: false,
  });
  assert.match(await refusal(() => list("blog")), /not allowed: release.list blog/);
  const all = await local.accept(ask({ action: "release.list" }), undefined);
  assert.equal((all.result as Results["release.list"]).releases[0]?.by, "laptop");
});

test("backend: a rollback becomes a job, the same one again joins it, an unknown service is refused", async (t) => {
  const { local, ask, state } = open(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const back = (release?: number) =>
    local.accept(
      ask({ action: "rollback", service: "web", ...(release !== undefined && { release }) }),
      undefined,
    );
  const first = await back();
  assert.deepEqual([first.job, first.missing], [1, []]);
  assert.deepEqual([(await back()).job, (await back()).attached], [1, true]);
  assert.equal((await back(3)).job, 2);
  assert.equal(
    await refusal(() => local.accept(ask({ action: "rollback", service: "wbe" }), undefined)),
    "service wbe: not known here\nhint: see what there is: mypaas releases",
  );
});

test("backend: the log of a job is followed by its number or as the newest of its service, by whoever may see it", async (t) => {
  const { local, outside, ask, state } = open(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  await local.accept(ask({ action: "rollback", service: "web" }), undefined);
  for (const action of [{ job: 1 }, { service: "web" }, { service: "web", job: 1 }]) {
    const accepted = await local.accept(ask({ action: "job.log", ...action }), undefined);
    assert.deepEqual([accepted.job, accepted.attached], [1, true]);
  }
  const unknown = [
    [{ job: 2 }, "job 2"],
    [{ service: "blog" }, "job of blog"],
    [{ service: "blog", job: 1 }, "job 1"],
    [{}, "job of nothing"],
  ] as const;
  for (const [action, what] of unknown)
    assert.equal(
      await refusal(() => local.accept(ask({ action: "job.log", ...action }), undefined)),
      `${what}: not known here\nhint: see the last job of each service: mypaas ps`,
    );
  const ann = laptop('services="blog" ');
  await local.accept(ask({ action: "key.add", line: ann.line }), undefined);
  const body = ask({ action: "job.log", job: 1 }, server);
  assert.match(await refusal(() => outside.accept(body, ann.signed(body))), /^job 1: not known/);
});

test("backend: what streams is read again by its token, until its key is removed", async (t) => {
  const { local, outside, ask } = open(t);
  const { signal } = new AbortController();
  const accepted = await local.accept(ask({ action: "ps", watch: true }), undefined);
  const read = [];
  for await (const line of await local.stream(accepted.request, "token", "x", signal))
    read.push(line);
  assert.deepEqual(read, ["ps from x\n", "more\n"]);

  const ann = laptop();
  const added = await local.accept(ask({ action: "key.add", line: ann.line }), undefined);
  const { fingerprint } = (added.result as Results["key.add"]).key;
  const body = ask({ action: "ps", watch: true }, server);
  const mine = await outside.accept(body, ann.signed(body));
  const lines = await outside.stream(mine.request, "token", "", signal);
  const iterator = lines[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value, "ps from \n");
  await local.accept(ask({ action: "key.remove", fingerprint }), undefined);
  assert.match(await refusal(() => iterator.next()), /not enrolled on this server any more/);
});

test("backend: who cancels follows the job that ends, and hears when there is none", async (t) => {
  const { local, ask, state } = open(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  await local.accept(ask({ action: "rollback", service: "web" }), undefined);
  const cancel = () => local.accept(ask({ action: "cancel", service: "web" }), undefined);
  const accepted = await cancel();
  assert.deepEqual([accepted.job, accepted.attached], [1, true]);
  const log = await local.events(accepted.request, "token", 0, new AbortController().signal);
  const heard: string[] = [];
  for await (const event of log) heard.push("message" in event ? event.message : event.kind);
  assert.deepEqual(heard, ["queued", "rollback web: cancelled by root"]);
  assert.equal(
    await refusal(cancel),
    "cancel web: nothing of it is being deployed\nhint: to go back to what ran before: mypaas rollback web",
  );
});

test("backend: one job is cancelled by its number, also one of the server, by whoever may", async (t) => {
  const { local, outside, ask, state } = open(t);
  for (const name of ["web", "blog"]) ensureService(state, { name, slug: name, now: 1 });
  await local.accept(ask({ action: "rollback", service: "web" }), undefined);
  await local.accept(ask({ action: "restart", service: "web" }), undefined);
  const ofServer = { service: "", request: "r", key: "root", action: "tidy", content: "c" };
  assert.equal(insertJob(state, ofServer, 1).id, 3);
  const cancel = (job: number, service?: string) =>
    ask({ action: "cancel", job, ...(service !== undefined && { service }) }, server);

  const ann = laptop('services="web" ');
  await local.accept(ask({ action: "key.add", line: ann.line }), undefined);
  const asAnn = (body: Buffer) => refusal(() => outside.accept(body, ann.signed(body)));
  assert.match(await asAnn(cancel(3)), /^job 3: not known here/);
  assert.match(
    await refusal(() => local.accept(cancel(2, "blog"), undefined)),
    /^job 2: not known/,
  );
  const byAnn = cancel(2);
  assert.equal((await outside.accept(byAnn, ann.signed(byAnn))).job, 2);
  assert.equal((await local.accept(cancel(3), undefined)).job, 3);
  const states = state.all("SELECT state FROM jobs ORDER BY id").map((row) => row.text("state"));
  assert.deepEqual(states, ["queued", "cancelled", "cancelled"]);
  assert.equal(
    await refusal(() => local.accept(cancel(3), undefined)),
    "cancel: job 3 has ended already\nhint: see how it ended: mypaas logs --job 3",
  );
  assert.match(
    await refusal(() => local.accept(ask({ action: "cancel" }), undefined)),
    /^job of nothing: not known here/,
  );
});

test("backend: a key that may use no volumes gets into no container that has some", async (t) => {
  const { local, outside, ask, state } = open(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const volume = { kind: "named", source: "data", target: "/data", readOnly: false } as const;
  const spec = { ...stored("web", 1).release.spec, volumes: [volume] };
  const live = { ...stored("web", 1).release, spec };
  putRelease(state, stored("web", 1, { state: "live", release: live }));
  const ann = laptop("no-volumes ");
  await local.accept(ask({ action: "key.add", line: ann.line }), undefined);
  for (const action of ["run", "exec"] as const) {
    const body = ask({ action, service: "web", command: ["sh"] }, server);
    assert.equal(
      await refusal(() => outside.accept(body, ann.signed(body))),
      "key laptop: may not use volumes\nhint: use another key, or remove mypaas.volume from the Dockerfile",
    );
  }
});
