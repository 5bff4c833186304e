import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import { duplexPair, type Duplex } from "node:stream";
import { test, type TestContext } from "node:test";
import { openSession } from "../../../../src/adapters/engines/docker/build-session.ts";
import type { openDocker } from "../../../../src/adapters/engines/docker/client.ts";

const logins = [
  { host: "docker.io", username: "ann", password: "of-the-hub" },
  { host: "r.example.com:5000", username: "bob", password: "p".repeat(300) },
];

const secrets = { TOKEN: "of the build", EMPTY: "", LONG: "ä".repeat(60_000) };

/** An engine that has taken the connection over, and asks. */
async function open(t: TestContext) {
  const [here, there] = duplexPair();
  const dialled: unknown[] = [];
  const modem = {
    dial: (options: unknown, done: (error: null, socket: Duplex) => void) => {
      dialled.push(options);
      done(null, there);
    },
  };
  const docker = { modem } as unknown as ReturnType<typeof openDocker>;
  const missing: string[] = [];
  const onMissingSecret = (name: string) => missing.push(name);
  const opening = openSession(docker, { id: "abc", logins, secrets, onMissingSecret });
  const client = connect("http://localhost", { createConnection: () => here });
  const session = await opening;
  t.after(() => {
    client.destroy();
    session.end();
  });
  return { client, session, dialled, missing };
}

async function ask(client: ClientHttp2Session, path: string, message: Uint8Array) {
  const stream = client.request({ ":method": "POST", ":path": path, te: "trailers" });
  let trailers: Readonly<Record<string, unknown>> = {};
  let head: Readonly<Record<string, unknown>> = {};
  stream.on("response", (headers) => (head = headers)).on("trailers", (some) => (trailers = some));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "end");
  const status = trailers["grpc-status"] ?? head["grpc-status"];
  return { status, body: Buffer.concat(chunks).subarray(5) };
}

const hostOf = (host: string) =>
  Buffer.concat([Buffer.from([0x0a, host.length]), Buffer.from(host)]);
const credentials = "/moby.filesync.v1.Auth/Credentials";

test("BuildKit gets the login of the host that it asks for, and none for any other", async (t) => {
  const { client, dialled } = await open(t);
  const hub = await ask(client, credentials, hostOf("registry-1.docker.io"));
  assert.equal(hub.status, "0");
  assert.equal(hub.body.toString("latin1"), "\n\u0003ann\u0012\nof-the-hub");
  const long = await ask(client, credentials, hostOf("r.example.com:5000"));
  // 300 in two bytes of seven bits.
  assert.deepEqual([...long.body.subarray(5, 8)], [0x12, 0xac, 0x02]);
  assert.equal(long.body.length, 5 + 3 + 300);
  for (const host of ["r.example.com", "r.example.com:5001", "evil.example.com", ""]) {
    const none = await ask(client, credentials, hostOf(host));
    assert.deepEqual([none.status, none.body.length], ["0", 0], host);
  }
  const [{ headers }] = dialled as [{ readonly headers: Readonly<Record<string, string>> }];
  assert.equal(headers["X-Docker-Expose-Session-Uuid"], "abc");
});

test("BuildKit's health checks are answered, and what is not known is said to be so", async (t) => {
  const { client } = await open(t);
  const health = await ask(client, "/grpc.health.v1.Health/Check", new Uint8Array());
  assert.deepEqual([health.status, [...health.body]], ["0", [8, 1]]);
  const token = await ask(client, "/moby.filesync.v1.Auth/FetchToken", new Uint8Array());
  assert.equal(token.status, "12");
  const odd = await ask(client, "/toString", new Uint8Array());
  assert.equal(odd.status, "12");
});

test("BuildKit gets the secret that it names, and of others it learns that there is none", async (t) => {
  const { client, missing } = await open(t);
  const path = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
  const token = await ask(client, path, hostOf("TOKEN"));
  assert.deepEqual([token.status, token.body.toString("latin1")], ["0", "\n\u000cof the build"]);
  const empty = await ask(client, path, hostOf("EMPTY"));
  assert.deepEqual([empty.status, [...empty.body]], ["0", [0x0a, 0]]);
  const long = await ask(client, path, hostOf("LONG"));
  assert.equal(long.body.subarray(4).toString(), "ä".repeat(60_000));
  assert.deepEqual(missing, []);
  for (const name of ["token", "OTHER", "", "toString", "__proto__"])
    assert.equal((await ask(client, path, hostOf(name))).status, "5", name);
  assert.deepEqual(missing, ["token", "OTHER", "", "toString", "__proto__"]);
});
