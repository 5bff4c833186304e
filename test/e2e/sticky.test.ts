import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";
import { bundledApp } from "../support/bundled-app.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** A chat as its guide writes it: sessions in memory, the default transports. Every answer names its replica. */
const app = `
  import { createServer } from "node:http";
  import { hostname } from "node:os";
  import { readFileSync } from "node:fs";
  import { Server } from "socket.io";
  readFileSync("page.txt");
  process.on("SIGTERM", () => process.exit(143));
  const http = createServer((_request, response) => response.end(hostname()));
  new Server(http).on("connection", (socket) => socket.on("who", (answer) => answer(hostname())));
  http.listen(Number(process.env.PORT));
`;

let server: TestServer;
let chat: Source;

before(async () => {
  server = await startServer("t-e2e-sticky");
  chat = await makeSource(server, "chat", {
    // The client for Node cannot name another host than the one of its URL.
    keys: ["domain = 127.0.0.1", "scale = 3", "sticky = true", "drain-timeout = 3s"],
    files: { "server.js": await bundledApp(app) },
  });
  await server.mustPush(chat);
});
after(() => server?.remove());

/** How one client fared: `connected` at its first try, after more of them, or never within 10 s; and whether its session answered three times. */
interface Fared {
  readonly tries: number;
  readonly isConnected: boolean;
  readonly replicas: readonly string[];
}

/** A client with socket.io's defaults, but for its own connection; a browser always keeps cookies. */
async function join(keepsCookies = true, reconnection = true): Promise<Fared> {
  const client = io(`http://127.0.0.1:${server.instance.httpPort}`, {
    withCredentials: keepsCookies,
    reconnection,
    reconnectionDelay: 100,
    forceNew: true,
    timeout: 5_000,
  });
  let tries = 1;
  const replicas: string[] = [];
  try {
    return await new Promise<Fared>((resolve) => {
      const end = (isConnected: boolean): void => resolve({ tries, isConnected, replicas });
      const timer = setTimeout(() => end(false), 10_000);
      client.io.on("reconnect_attempt", () => (tries += 1));
      client.on("connect_error", () => reconnection || end(false));
      // Without another try, a session that another replica does not know ends here.
      client.on("disconnect", () => reconnection || end(false));
      const ask = (): void => {
        client.emit("who", (replica: string) => {
          replicas.push(replica);
          if (replicas.length < 3) return void setTimeout(ask, 20);
          clearTimeout(timer);
          end(true);
        });
      };
      client.on("connect", () => {
        replicas.length = 0;
        ask();
      });
    });
  } finally {
    client.disconnect();
  }
}

const connected = (client: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("not connected within 20 s")), 20_000);
    client.once("connect", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** One GET of a visitor, who keeps the cookie. */
async function visit(visitor: { cookie: string }): Promise<{ status: number; replica: string }> {
  const headers = { host: chat.host, ...(visitor.cookie !== "" && { cookie: visitor.cookie }) };
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: server.instance.httpPort, headers, agent: false };
    const asked = request({ ...options, timeout: 20_000 }, (response) => {
      const [given] = response.headers["set-cookie"] ?? [];
      if (given !== undefined) visitor.cookie = given.split(";")[0] ?? "";
      let replica = "";
      response.setEncoding("utf8").on("data", (text: string) => (replica += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, replica }));
    });
    asked.on("error", reject).end();
  });
}

test("socket.io's default client connects 20 times of 20 to three replicas", async () => {
  const without = await Promise.all(Array.from({ length: 20 }, () => join(false, false)));
  const fared = await Promise.all(Array.from({ length: 20 }, () => join(true, false)));
  const connected = (all: readonly Fared[]) => all.filter((one) => one.isConnected).length;
  const seen = new Set(fared.flatMap(({ replicas }) => replicas));
  console.log(
    `connected: ${connected(fared)} of 20 on ${seen.size} replicas, without the cookie ${connected(without)} of 20`,
  );
  assert.equal(connected(fared), 20);
  assert.ok(fared.every(({ replicas }) => new Set(replicas).size === 1));
  assert.equal(seen.size, 3);
  assert.ok(connected(without) < 20, "a client that any replica serves shows nothing");
});

test("the cookie is for programs of the server alone, and does not show an address", async () => {
  const visitor = { cookie: "" };
  await visit(visitor);
  assert.match(visitor.cookie, /^mypaas-chat=[0-9a-f]{16}$/);
});

test("through five deploys no visitor loses a request, and each stays with one replica of each release", async () => {
  const visitors = Array.from({ length: 10 }, () => ({ cookie: "", replicas: [] as string[] }));
  const statuses: Record<number, number> = {};
  const clients: Promise<Fared>[] = [];
  let isOver = false;
  const visiting = visitors.map(async (visitor) => {
    while (!isOver) {
      const { status, replica } = await visit(visitor);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (visitor.replicas.at(-1) !== replica) visitor.replicas.push(replica);
      await sleep(50);
    }
  });
  const joining = setInterval(() => clients.push(join()), 200);
  const failed: (number | undefined)[] = [];
  for (const n of [1, 2, 3, 4, 5]) {
    await chat.write("page.txt", `page ${n}`);
    failed.push(eventOf(await server.mustPush(chat), "receipt").failed);
  }
  clearInterval(joining);
  isOver = true;
  await Promise.all(visiting);
  const fared = await Promise.all(clients);
  const never = fared.filter(({ isConnected }) => !isConnected).length;
  const again = fared.filter(({ isConnected, tries }) => isConnected && tries > 1).length;
  const moves = visitors.map(({ replicas }) => replicas.length - 1);
  // A long poll that is open when its replica goes ends with it, and counts as failed there.
  console.log(
    `${JSON.stringify(statuses)} of 10 visitors, who moved ${moves.join(" ")} times in 5 deploys; ` +
      `socket.io: ${fared.length} clients, ${again} connected again after their handshake met a switch, ${never} never; ` +
      `failed by the receipts, polls of ending sessions included: ${failed.join(" ")}`,
  );
  assert.deepEqual(Object.keys(statuses), ["200"]);
  assert.deepEqual(new Set(moves), new Set([5]));
  assert.equal(never, 0);
});

test("a session ends with its replica, as at any restart, and its client comes back by itself", async () => {
  const client = io(`http://127.0.0.1:${server.instance.httpPort}`, {
    withCredentials: true,
    reconnectionDelay: 100,
  });
  try {
    await connected(client);
    const ended = new Promise<string>((resolve) => client.once("disconnect", resolve));
    const back = ended.then(() => connected(client));
    const restarted = server.run(["restart", "chat", "-r", "prod"]);
    console.log(`an open session ended by: ${await ended}`);
    await back;
    assert.equal((await restarted).code, 0);
  } finally {
    client.disconnect();
  }
});

test("visitors of a replica that dies move to another", async () => {
  const visitor = { cookie: "" };
  const { replica } = await visit(visitor);
  const label = [`mypaas.instance=${server.instance.name}`, "mypaas.service=chat"];
  const all = await docker.listContainers({ filters: { label } });
  const victim = all.find(({ Id }) => Id.startsWith(replica));
  assert.ok(victim);
  const statuses: Record<number, number> = {};
  const killed = docker.getContainer(victim.Id).kill();
  let last = await visit(visitor);
  for (let n = 0; n < 40 && last.replica === replica; n += 1) last = await visit(visitor);
  await killed;
  for (let n = 0; n < 40; n += 1) {
    last = await visit(visitor);
    statuses[last.status] = (statuses[last.status] ?? 0) + 1;
    await sleep(50);
  }
  console.log(`after a replica was killed: ${JSON.stringify(statuses)} of one visitor`);
  assert.equal(last.status, 200);
});
