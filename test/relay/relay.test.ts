import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { test, type TestContext } from "node:test";
import { freePort } from "../../scripts/machine/ports.ts";
import { proxyHeader } from "../../src/relay/proxy-header.ts";
import { runRelay } from "../../src/relay/relay.ts";

/** Some containers have no IPv6; the relay treats both families alike, and the suite `addresses` tries the real one. */
const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === "::1");
const [loopback, shown, family] = hasIPv6
  ? ["::1", "[::1]", "TCP6"]
  : ["127.0.0.1", "127.0.0.1", "TCP4"];

test("the line before a connection names both ends", () => {
  const server = { address: "2001:db8::1", port: 80 };
  assert.equal(
    proxyHeader({ address: "2001:db8::2", port: 5 }, server),
    "PROXY TCP6 2001:db8::2 2001:db8::1 5 80\r\n",
  );
  assert.equal(
    proxyHeader({ address: "fe80::2%eth0", port: 5 }, { ...server, address: "fe80::1%eth0" }),
    "PROXY TCP6 fe80::2 fe80::1 5 80\r\n",
  );
});

/** A relay before a backend that answers all it has read, after the client's end. */
async function startWorld(t: TestContext) {
  const backend = createServer({ allowHalfOpen: true });
  t.after(() => backend.close());
  const [port, backendPort] = [await freePort(), await freePort()];
  const stop = new AbortController();
  const lines: string[] = [];
  let dropped = 0;
  const to = { host: "127.0.0.1", port: backendPort };
  const done = runRelay(
    { doors: [{ address: loopback, port, to }], uid: 1 },
    {
      interrupted: stop.signal,
      writeLine: (text) => lines.push(text),
      dropRoot: () => (dropped += 1),
    },
  );
  t.after(async () => {
    stop.abort();
    await done;
  });
  const listening = async () => {
    while (dropped === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { backend, backendPort, port, lines, stop, done, listening, dropped: () => dropped };
}

function answerAll(backend: Server, port: number): void {
  backend.on("connection", (socket: Socket) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => socket.end(Buffer.concat(chunks)));
  });
  backend.listen(port, "127.0.0.1");
}

async function exchange(port: number, text: string | Buffer): Promise<string> {
  const socket = connect({ host: loopback, port, allowHalfOpen: true });
  socket.end(text);
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
  await once(socket, "close");
  return answer;
}

test("a connection reaches the backend with the client's address before it, also when the client ends first", async (t) => {
  const { backend, backendPort, port, listening } = await startWorld(t);
  answerAll(backend, backendPort);
  await listening();
  const body = Buffer.alloc(2_000_000, "x");
  const [first, second] = await Promise.all([exchange(port, "hello"), exchange(port, body)]);
  assert.match(
    first,
    new RegExp(`^PROXY ${family} ${loopback} ${loopback} \\d+ ${port}\\r\\nhello$`),
  );
  assert.equal(second.split("\r\n")[1]?.length, body.length);
});

test("a connection waits while the backend is away, as when Traefik is replaced", async (t) => {
  const { backend, backendPort, port, listening } = await startWorld(t);
  await listening();
  const answer = exchange(port, "patient");
  await new Promise((resolve) => setTimeout(resolve, 250));
  answerAll(backend, backendPort);
  assert.match(await answer, /\r\npatient$/);
});

test("a client that goes away ends the connection behind it, and the other way round", async (t) => {
  const { backend, backendPort, port, listening } = await startWorld(t);
  backend.listen(backendPort, "127.0.0.1");
  await listening();
  const client = connect({ host: loopback, port });
  client.write("x");
  const [behind] = (await once(backend, "connection")) as [Socket];
  behind.on("error", () => undefined).resume();
  client.resetAndDestroy();
  await once(behind, "end");
  const other = connect({ host: loopback, port });
  other.on("error", () => undefined).resume();
  const [second] = (await once(backend, "connection")) as [Socket];
  // Before its first byte, the relay would connect again.
  await once(second, "data");
  second.resetAndDestroy();
  await once(other, "close");
});

test("an address that another program has is tried again, and root is kept until then", async (t) => {
  const { port, lines, listening, dropped, backend, backendPort } = await startWorld(t);
  answerAll(backend, backendPort);
  await listening();
  assert.equal(dropped(), 1);
  const second = new AbortController();
  const said: string[] = [];
  let isDropped = false;
  const done = runRelay(
    { doors: [{ address: loopback, port, to: { host: "127.0.0.1", port: backendPort } }], uid: 1 },
    {
      interrupted: second.signal,
      writeLine: (text) => said.push(text),
      dropRoot: () => (isDropped = true),
    },
  );
  while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(said[0] ?? "", /"waiting":"\S+:\d+","reason":"listen EADDRINUSE/);
  assert.equal(isDropped, false);
  second.abort();
  await done;
  assert.deepEqual(lines, [JSON.stringify({ listening: `${shown}:${port}` })]);
});
