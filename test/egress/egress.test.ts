import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { runEgress } from "../../src/egress/egress.ts";
import type { EgressLimits } from "../../src/core/server/egress-container.ts";

const calm: EgressLimits = {
  connections: 8,
  bytes: 10_000,
  dialMs: 2_000,
  silentMs: 5_000,
  totalMs: 60_000,
};

/** A proxy that may reach one port of loopback, and a backend there that answers what it reads. */
async function startWorld(t: TestContext, limits: Partial<EgressLimits> = {}) {
  const dialled: string[] = [];
  const backend = createServer((socket: Socket) => {
    dialled.push(socket.localAddress ?? "");
    socket.on("error", () => undefined).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(backend, "listening");
  t.after(() => backend.close());
  const { port: to } = backend.address() as AddressInfo;
  const stop = new AbortController();
  const lines: string[] = [];
  const asked: string[] = [];
  const names: Record<string, readonly string[][]> = {
    "good.test": [["127.0.0.1"]],
    "mixed.test": [["127.0.0.1", "169.254.169.254"]],
    "metadata.test": [["169.254.169.254"]],
    // Another answer each time it is asked.
    "rebound.test": [["127.0.0.1"], ["169.254.169.254"]],
  };
  const order = { port: 0, own: [], allow: [`127.0.0.1:${to}`], limits: { ...calm, ...limits } };
  const done = runEgress(order, {
    interrupted: stop.signal,
    writeLine: (text) => lines.push(text),
    resolve: async (host) => {
      asked.push(host);
      const answers = names[host] ?? [];
      const turn = asked.filter((one) => one === host).length - 1;
      return answers[Math.min(turn, answers.length - 1)] ?? [];
    },
  });
  t.after(async () => {
    stop.abort();
    await done;
  });
  while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { listening: port } = JSON.parse(lines.pop() ?? "") as { readonly listening: number };
  const ask = async (head: string, more = "") => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => undefined);
    let answer = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
    socket.write(head);
    while (!answer.includes("\r\n\r\n") && !socket.closed)
      await Promise.race([once(socket, "data"), once(socket, "close")]);
    const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
    answer = "";
    if (more !== "") socket.write(more);
    return { status, socket, answer: () => answer };
  };
  const through = (target: string, more?: string) =>
    ask(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`, more);
  return { ask, through, lines, asked, dialled, to };
}

test("bytes pass in both directions, to the address that was checked", async (t) => {
  const { through, to, asked } = await startWorld(t);
  const { status, socket, answer } = await through(`good.test:${to}`, "hello");
  assert.equal(status, "200");
  await once(socket, "data");
  assert.equal(answer(), "hello");
  socket.destroy();
  assert.deepEqual(asked, ["good.test"]);
});

test("what is not public is refused, and said in the log", async (t) => {
  const { through, ask, lines, to, dialled } = await startWorld(t);
  const refused = async (target: string) => (await through(target)).status;
  assert.equal(await refused("metadata.test:443"), "403");
  assert.equal(await refused(`mixed.test:${to}`), "403");
  assert.equal(await refused("127.0.0.1:443"), "403");
  assert.equal(await refused("[::1]:443"), "403");
  assert.equal(await refused("[::ffff:127.0.0.1]:443"), "403");
  assert.equal(await refused("[64:ff9b::7f00:1]:443"), "403");
  assert.equal(await refused("unknown.test:443"), "404");
  assert.equal(await refused("good.test:80"), "406");
  assert.equal(await refused("good.test"), "400");
  assert.equal(
    (await ask("GET http://good.test/ HTTP/1.1\r\nhost: good.test\r\n\r\n")).status,
    "405",
  );
  assert.deepEqual(dialled, []);
  assert.equal(lines.length, 9);
  assert.equal(lines[0], '{"refused":"metadata.test:443","reason":"not a public address"}');
});

test("a name that changes its mind is asked again for each connection, and dialled as it was checked", async (t) => {
  const { through, to, dialled } = await startWorld(t);
  assert.equal((await through(`rebound.test:${to}`)).status, "200");
  assert.equal((await through(`rebound.test:${to}`)).status, "403");
  assert.deepEqual(dialled, ["127.0.0.1"]);
});

test("a connection ends at its limit of bytes", async (t) => {
  const { through, to, lines } = await startWorld(t);
  const { socket } = await through(`good.test:${to}`, "x".repeat(20_000));
  if (!socket.closed) await once(socket, "close");
  assert.match(lines[0] ?? "", /"cut":"good\.test:\d+","reason":"too many bytes","bytes":\d+/);
});

test("a silent connection ends", async (t) => {
  const { through, to, lines } = await startWorld(t, { silentMs: 50 });
  const { socket } = await through(`good.test:${to}`);
  if (!socket.closed) await once(socket, "close");
  assert.match(lines[0] ?? "", /silent for too long/);
});

test("a connection too many is refused in words", async (t) => {
  const { through, to } = await startWorld(t, { connections: 2 });
  const open = [await through(`good.test:${to}`), await through(`good.test:${to}`)];
  assert.deepEqual(
    open.map(({ status }) => status),
    ["200", "200"],
  );
  assert.equal((await through(`good.test:${to}`)).status, "503");
  for (const { socket } of open) socket.destroy();
});
