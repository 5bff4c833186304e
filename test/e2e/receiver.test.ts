import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { receiverPort } from "../../src/core/server/instance.ts";
import { receiverUid } from "../../src/core/server/uids.ts";
import { wireBase, type Accepted } from "../../src/core/wire/protocol.ts";
import { startReceiver } from "../support/receiver-e2e.ts";
import { requestBytes, softKey } from "../support/signed.ts";
import { blobOf, sha256, tarOf } from "../support/wire.ts";

const serverId = "0123456789abcdef";
const key = softKey();
const large = randomBytes(64 * 1024 * 1024);
const wanted = [blobOf("one"), blobOf("two"), blobOf(large)];
const [one, two, big] = wanted.map((blob) => blob.sha256) as [string, string, string];
let dir = "";
let receiver: Awaited<ReturnType<typeof startReceiver>>;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "mypaas-"));
  const setup = { instance: "t-recv", server: serverId, dir, authorizedKeys: key.line, wanted };
  receiver = await startReceiver(setup);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(url("/")).catch(() => undefined);
    if (answer?.status === 404) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`the receiver does not answer: ${await receiver.log()}`);
});

after(() => receiver?.stop());

const url = (path: string) => `http://${receiver.address}:${receiverPort}${wireBase}${path}`;

interface Sending {
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a signed request and returns how to go on with it. */
async function open() {
  const { body, token } = requestBytes(serverId, Date.now(), { action: "key.list" });
  const headers = { "mypaas-signature": key.sign(body).toString("base64") };
  const answer = await fetch(url("/requests"), { method: "POST", body, headers });
  assert.equal(answer.status, 200, await answer.clone().text());
  const { request, missing } = (await answer.json()) as Accepted;
  assert.deepEqual(missing, wanted);
  const ask = async (method: string, path: string, init: Sending = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const answer = await fetch(url(`/requests/${request}${path}`), { ...init, method, headers });
    const text = await answer.text();
    return {
      status: answer.status,
      body: text.startsWith("{") ? (JSON.parse(text) as unknown) : text,
    };
  };
  const stored = () => readdir(join(dir, "spool", request)).catch(() => []);
  return { ask, stored, request, token };
}

test("the container has no rights, nothing to write but the spool, and little memory", async () => {
  const info = await receiver.container.inspect();
  const { HostConfig: host, Config: config } = info;
  assert.equal(config.User, `${receiverUid}:${receiverUid}`);
  assert.equal(host.ReadonlyRootfs, true);
  assert.deepEqual(host.CapDrop, ["ALL"]);
  assert.ok(host.SecurityOpt?.some((option: string) => option.startsWith("no-new-privileges")));
  assert.ok((host.PidsLimit ?? 0) > 0 && (host.Memory ?? 0) > 0);
  const mounts = info.Mounts.map((mount) => `${mount.Destination} ${mount.RW}`);
  assert.deepEqual(
    mounts.filter((mount) => !mount.startsWith("/lib") && !mount.startsWith("/node")).toSorted(),
    ["/etc/mypaas false", "/run/mypaas false", "/spool true"],
  );
  assert.deepEqual(
    mounts.filter((mount) => mount.endsWith("true")),
    ["/spool true"],
  );
  const image = await receiver.image();
  assert.ok(image.Size < 2 * 1024 * 1024, `the image has ${image.Size} bytes`);
  // The first process is Docker's own init; ours is its only child.
  const init = `/proc/${info.State.Pid}`;
  const pid = (await readFile(`${init}/task/${info.State.Pid}/children`, "utf8")).trim();
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Uid:\t65532\t65532/m);
  const memory = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  console.log(memory.match(/^(Rss|Pss|Pss_Anon|Pss_File):.*$/gm)?.join(", "));
});

test("an upload through it arrives in the worker, small blobs in a batch and a large one in ranges", async () => {
  const { ask, stored, request } = await open();
  const body = await tarOf([
    { name: one, data: "one" },
    { name: two, data: "two" },
  ]);
  assert.deepEqual(await ask("PUT", "/blobs", { body }), {
    status: 200,
    body: { received: [one, two] },
  });
  const begun = performance.now();
  const half = large.length / 2;
  for (const at of [0, half]) {
    const range = `bytes ${at}-${at + half - 1}/${large.length}`;
    const piece = large.subarray(at, at + half);
    const sent = await ask("PUT", `/blobs/${big}`, {
      body: piece,
      headers: { "content-range": range },
    });
    assert.deepEqual(sent, { status: 200, body: { have: at + half } });
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(`64 MiB in ${seconds.toFixed(2)} s, ${(64 / seconds).toFixed(0)} MiB/s`);
  assert.deepEqual((await ask("GET", "")).body, { request, missing: [] });
  const started = await ask("POST", "/start");
  assert.equal(started.status, 200);
  assert.deepEqual(
    [...receiver.taken],
    [
      [one, 3],
      [two, 3],
      [big, large.length],
    ],
  );
  assert.deepEqual(await stored(), []);
  const events = await ask("GET", "/events");
  assert.deepEqual(events.body, { kind: "step", text: "building image", offset: 0, at: 0 });
});

test("hostile archives are refused and leave nothing", async () => {
  const { ask, stored } = await open();
  for (const [entry, message] of [
    [
      { name: one, type: "symlink", linkname: "/etc/passwd" },
      `batch: entry "${one}": is a symlink`,
    ],
    [
      { name: "../../receiver.mjs", data: "x" },
      'batch: entry "../../receiver.mjs": not wanted by this request',
    ],
    [
      { name: one, size: 100 * 1024 * 1024, data: Buffer.alloc(100 * 1024 * 1024) },
      `batch: entry "${one}": has 104857600 bytes, should have 3`,
    ],
  ] as const) {
    const answer = await ask("PUT", "/blobs", { body: await tarOf([entry]) });
    assert.deepEqual(answer, { status: 400, body: { error: { code: "bad-request", message } } });
  }
  assert.deepEqual(await stored(), []);
});

test("a wrong token, a stranger's key and giant headers get nowhere", async () => {
  const { ask, request } = await open();
  const wrong = { authorization: "Bearer somebody-elses-token" };
  assert.equal((await ask("GET", `/blobs/${one}`, { headers: wrong })).status, 401);
  const { body } = requestBytes(serverId, Date.now(), { action: "key.list" });
  const headers = { "mypaas-signature": softKey().sign(body).toString("base64") };
  assert.equal((await fetch(url("/requests"), { method: "POST", body, headers })).status, 401);
  const giant = { "x-giant": "x".repeat(20_000) };
  assert.equal((await fetch(url(`/requests/${request}`), { headers: giant })).status, 431);
});

test("a slow loris is hung up on while others are served", async () => {
  const begun = performance.now();
  const sockets = Array.from({ length: 100 }, () => {
    const socket = connect(receiverPort, receiver.address);
    socket.on("error", () => undefined);
    socket.write(`GET ${wireBase}/ HTTP/1.1\r\nhost: x\r\n`);
    socket.resume();
    return { socket, closed: once(socket, "close") };
  });
  const drip = setInterval(() => sockets.forEach(({ socket }) => socket.write("x: y\r\n")), 1000);
  assert.equal((await fetch(url("/"))).status, 404);
  await Promise.all(sockets.map(({ closed }) => closed));
  clearInterval(drip);
  const seconds = (performance.now() - begun) / 1000;
  console.log(`100 slow connections closed after ${seconds.toFixed(1)} s`);
  assert.ok(seconds < 60);
});

test("a batch whose sender breaks off keeps the whole blob that arrived", async () => {
  const { stored, request, token } = await open();
  const tar = await tarOf([
    { name: one, data: "one" },
    { name: two, data: "two" },
  ]);
  const sending = httpRequest(url(`/requests/${request}/blobs`), {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-length": tar.length },
  });
  const closed = new Promise((resolve) =>
    sending.on("error", () => undefined).on("close", resolve),
  );
  sending.write(tar.subarray(0, 1500), () => setTimeout(() => sending.destroy(), 300));
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(await stored(), [one]);
});

test("an enrolled key that is taken away is refused from then on", async () => {
  await open();
  await writeFile(join(dir, "receiver", "authorized_keys"), "");
  const { body } = requestBytes(serverId, Date.now(), { action: "key.list" });
  const headers = { "mypaas-signature": key.sign(body).toString("base64") };
  assert.equal((await fetch(url("/requests"), { method: "POST", body, headers })).status, 401);
  await writeFile(join(dir, "receiver", "authorized_keys"), key.line);
  await open();
});

test("without the worker a push is told so, and the log knows no secret", async () => {
  receiver.stopWorker();
  const { body, token } = requestBytes(serverId, Date.now(), { action: "key.list" });
  const signature = key.sign(body).toString("base64");
  const headers = { "mypaas-signature": signature };
  const answer = await fetch(url("/requests"), { method: "POST", body, headers });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get("retry-after"), "5");
  assert.deepEqual(await answer.json(), {
    error: {
      code: "worker-away",
      message: "server: the worker does not answer",
      hint: "look on the server: systemctl status mypaas-worker",
    },
  });
  let text = "";
  for (let attempt = 0; attempt < 50 && !text.includes('"status":503'); attempt += 1)
    text = await receiver.log();
  assert.match(text, /"status":503/);
  assert.doesNotMatch(text, /"bug"/);
  for (const secret of [token, signature, sha256(token)]) assert.ok(!text.includes(secret));
});

test("it stops within a moment when Docker asks", async () => {
  const { container } = receiver;
  const begun = performance.now();
  await container.stop({ t: 10 });
  assert.ok(performance.now() - begun < 5000);
  assert.equal((await container.inspect()).State.ExitCode, 0);
});
