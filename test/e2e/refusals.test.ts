import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { pack } from "tar-stream";
import { mustRun } from "../../scripts/machine/run.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { failureOf } from "../support/said-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";
import { rawClient, refusalOf } from "../support/raw-request.ts";

let server: TestServer;
let source: Source;
let raw: ReturnType<typeof rawClient>;
let stored: Awaited<ReturnType<TestServer["stored"]>>;

before(async () => {
  server = await startServer("t-e2ea-refusals");
  source = await makeSource(server, "web");
  raw = rawClient(server.line);
  await enrol(raw.key.line);
});
after(async () => {
  await raw?.close();
  await server?.remove();
});
beforeEach(async () => {
  stored = await server.stored();
});
afterEach(async () => {
  assert.deepEqual(await server.stored(), stored);
  console.log(`nothing stored: ${JSON.stringify(stored)}`);
});

const enrol = (line: string, ...options: readonly string[]) =>
  server.must(["key", "add", ...options, "--", line]);

/** A key pair of ssh-keygen in the laptop's folder; returns its private file and fingerprint. */
async function makeKey(name: string) {
  const file = join(server.instance.folder, name);
  await mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
  const [, fingerprint] = (await mustRun("ssh-keygen", ["-l", "-f", file])).out.split(" ");
  return { file, fingerprint, line: (await readFile(`${file}.pub`, "utf8")).trim() };
}

test("a key that is not enrolled is refused by name", async () => {
  const { file, fingerprint } = await makeKey("stranger");
  assert.deepEqual(failureOf(await server.push(source, ["--key", file])), {
    code: 1,
    message: `key ${fingerprint}: not enrolled on this server`,
    hint: "enrol it on the server: mypaas key add, or choose another with --key",
    details: [],
    still: undefined,
  });
});

test("a key line with an option nobody knows enrols nobody", async () => {
  const { file, fingerprint, line } = await makeKey("odd");
  const added = await server.run(["key", "add", "--", `command="x" ${line}`]);
  assert.deepEqual(added, {
    code: 1,
    out: "",
    err: [
      'error: key: unknown key option "command"; known are services, actions, no-volumes, expires\n',
      "hint: change the option or leave it out, see: mypaas key add --help\n",
    ].join(""),
  });
  const keys = join(server.instance.folder, "odd.keys");
  await writeFile(keys, `no-pty ${line}\n`);
  const fromFile = await server.run(["key", "add", keys]);
  assert.equal(fromFile.code, 1);
  assert.match(fromFile.err, /^error: key: unknown key option "no-pty"; known are services, /);
  assert.equal(
    failureOf(await server.push(source, ["--key", file])).message,
    `key ${fingerprint}: not enrolled on this server`,
  );
});

test("a key is refused from the day on that it expires", async () => {
  const { file, line } = await makeKey("old");
  await enrol(line, "--expires", "2020-01-31");
  assert.deepEqual(failureOf(await server.push(source, ["--key", file])), {
    code: 1,
    message: "key old: expired on 2020-01-31T00:00:00.000Z",
    hint: "ask someone with another key to enrol it again: mypaas key add -r prod",
    details: [],
    still: undefined,
  });
});

test("a key for other services may not push this one", async () => {
  const { file, line } = await makeKey("ci");
  await enrol(line, "--services", "blog,api-*");
  assert.deepEqual(failureOf(await server.push(source, ["--key", file])), {
    code: 1,
    message: "key ci: not allowed: push web (its services are blog, api-*)",
    hint: "use another key, or change its options on the server: mypaas key",
    details: [],
    still: undefined,
  });
});

test("a manifest that was changed on its way is refused", async () => {
  const { body } = raw.push("web");
  const signature = raw.key.sign(body);
  const changed = body.replace('"service":"web"', '"service":"wab"');
  assert.notEqual(changed, body);
  assert.deepEqual(await refusalOf(raw.post(changed, signature)), {
    code: "bad-signature",
    message: "signature: does not fit the request",
    hint: undefined,
    details: [],
  });
});

test("other bytes under a wanted hash are refused and not kept", async () => {
  const { body, token, text, sha256 } = raw.push("tampered");
  const accepted = await raw.post(body, raw.key.sign(body));
  assert.deepEqual(accepted.missing, [{ sha256, size: text.length }]);
  const request = raw.client.request(accepted.request, token);
  const tar = pack();
  tar.entry({ name: sha256 }, text.replace("scratch", "SCRATCH"));
  tar.finalize();
  const refusal = await refusalOf(request.putBatch(2048, tar as AsyncIterable<Uint8Array>));
  const hash = createHash("sha256").update(text.replace("scratch", "SCRATCH")).digest("hex");
  assert.deepEqual(refusal, {
    code: "bad-blob",
    message: `blob ${sha256}: damaged: its content has the hash ${hash}`,
    hint: "push again: mypaas push",
    details: [],
  });
  assert.deepEqual(await refusalOf(request.start()), {
    code: "not-found",
    message: `blob ${sha256}: has not been uploaded`,
    hint: "push again: mypaas push",
    details: [],
  });
});

test("a hash that the manifest does not name is not taken", async () => {
  const { body, token } = raw.push("unnamed");
  const accepted = await raw.post(body, raw.key.sign(body));
  const other = createHash("sha256").update("other").digest("hex");
  const tar = pack();
  tar.entry({ name: other }, "other");
  tar.finalize();
  const request = raw.client.request(accepted.request, token);
  const refusal = await refusalOf(request.putBatch(2048, tar as AsyncIterable<Uint8Array>));
  assert.equal(refusal.message, `batch: entry "${other}": not wanted by this request`);
});

test("the same request with the same signature is accepted once", async () => {
  const { body } = raw.push("replayed");
  const signature = raw.key.sign(body);
  const { request } = await raw.post(body, signature);
  assert.deepEqual(await refusalOf(raw.post(body, signature)), {
    code: "replayed",
    message: `request ${request.slice(0, 12)}: already accepted`,
    hint: "sign a new one: run the same command again",
    details: [],
  });
});

test("a request for another server is refused", async () => {
  const { body } = raw.push("web", { server: "0123456789abcdef" });
  assert.deepEqual(await refusalOf(raw.post(body, raw.key.sign(body))), {
    code: "wrong-server",
    message: `request: made for server 0123456789abcdef, this is ${raw.server}`,
    hint: "take the line that mypaas init printed on this server: mypaas remote add",
    details: [],
  });
});

test("a request that was made ten minutes ago is refused with a word about clocks", async () => {
  const { body } = raw.push("web", { created: Date.now() - 600_000 });
  const { message, ...rest } = await refusalOf(raw.post(body, raw.key.sign(body)));
  assert.match(
    message,
    /^clock: the request was made 60[0-9] s behind this server's clock \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/,
  );
  assert.deepEqual(rest, {
    code: "clock",
    hint: "set the clock on both sides: timedatectl set-ntp true",
    details: [],
  });
});

test("a server that shows another key than the pinned one is told nothing", async () => {
  const pin = new URLSearchParams(new URL(server.line).hash.slice(1)).get("pin") ?? "";
  const wrong = (pin.startsWith("A") ? "B" : "A") + pin.slice(1);
  const line = server.line.replace(pin, wrong);
  const { httpsPort } = server.instance;
  assert.deepEqual(failureOf(await server.startPush(source, [], line).done), {
    code: 1,
    message: `server 127.0.0.1:${httpsPort}: does not have the key that this remote expects`,
    hint: "if the server has a new key, add the remote again with the line that mypaas init prints: mypaas remote add",
    details: [
      `expected key ${wrong}`,
      `got key ${pin}`,
      "another server may intercept this connection; mypaas sent nothing",
    ],
    still: undefined,
  });
});

test("a Dockerfile with three mistakes names all three and sends nothing", async () => {
  const source = await makeSource(server, "wrong");
  await writeDockerfile(source, {
    keys: ["doman = x.example.test", "scale = many", "https = maybe"],
  });
  const said = await server.push(source);
  const { message, details } = failureOf(said);
  assert.equal(said.code, 1);
  assert.equal(message, "Dockerfile: 3 problems");
  assert.deepEqual(details, [
    "Dockerfile:4:10: unknown key mypaas.doman",
    "  hint: did you mean mypaas.domain?",
    'Dockerfile:5:1: mypaas.scale: should be 0, N, "N roll" or "N safe" with N from 1 to 100, got "many"',
    'Dockerfile:6:1: mypaas.https: should be true or false, got "maybe"',
  ]);
});

test("a push of more than a server takes is refused before it sends anything", async () => {
  const entries = Array.from({ length: 5 }, (_, index) => ({
    path: `big/${index}`,
    mode: 0o644,
    size: 4 * 1024 ** 3,
    sha256: createHash("sha256").update(String(index)).digest("hex"),
  }));
  const { body, text } = raw.push("huge", { entries });
  const bytes = 20 * 1024 ** 3 + text.length;
  assert.deepEqual(await refusalOf(raw.post(body, raw.key.sign(body))), {
    code: "bad-request",
    message: `request: build context: ${bytes} bytes, at most 17179869184 can be pushed`,
    hint: undefined,
    details: [],
  });
});
