import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { socketReader } from "../../../../src/adapters/engines/docker/sockets.ts";
import { UserError } from "../../../../src/core/errors.ts";
import { scratch } from "../../../support/worker.ts";

test("sockets of a running process are seen with state and port", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const sockets = await socketReader(async () => process.pid)("web");
  server.close();
  const own = sockets.filter(({ localPort }) => localPort === port);
  assert.deepEqual(
    own.map(({ state, localAddress, remoteAddress }) => [state, localAddress, remoteAddress]),
    [["listening", "127.0.0.1", "0.0.0.0"]],
  );
});

test("a process that is gone has no sockets", async () => {
  assert.deepEqual(await socketReader(async () => 0)("web"), []);
  assert.deepEqual(await socketReader(async () => 1, "/nowhere")("web"), []);
});

test("a container that was restarted has the sockets of its new process", async (t) => {
  const proc = scratch(t);
  table(proc, 7, "tcp", ["0200140A:9C40 0500140A:0BB8 01"]);
  table(proc, 8, "tcp", []);
  let pid = 7;
  const read = socketReader(async () => pid, proc);
  assert.equal((await read("traefik")).length, 1);
  pid = 8;
  assert.deepEqual(await read("traefik"), []);
});

test("while Docker is away the kernel is asked about the process that was seen last", async (t) => {
  const proc = scratch(t);
  table(proc, 7, "tcp", ["0200140A:9C40 0500140A:0BB8 01"]);
  const away = new UserError("docker: not running", { code: "docker-unreachable" });
  let error: Error | undefined = away;
  const read = socketReader(async () => {
    if (error !== undefined) throw error;
    return 7;
  }, proc);
  await assert.rejects(read("traefik"), away, "nothing is known of it yet");
  error = undefined;
  assert.equal((await read("traefik")).length, 1);
  error = away;
  assert.equal((await read("traefik")).length, 1);
  error = new Error("not of this instance");
  await assert.rejects(read("traefik"), error);
});

test("sockets of IPv6 that carry IPv4 count with their IPv4 addresses", async (t) => {
  const proc = scratch(t);
  const mapped = (word: string) => `0000000000000000FFFF0000${word}`;
  table(proc, 7, "tcp", []);
  table(proc, 7, "tcp6", [`${mapped("0200140A")}:9C40 ${mapped("0500140A")}:0BB8 02`]);
  const sockets = await socketReader(async () => 7, proc)("traefik");
  assert.deepEqual(
    sockets.map(({ state, remoteAddress, remotePort }) => [state, remoteAddress, remotePort]),
    [["opening", "10.20.0.5", 3000]],
  );
});

/** Writes a table as the kernel does; each line holds the local end, the remote end and the state. */
function table(proc: string, pid: number, name: string, lines: readonly string[]): void {
  const folder = join(proc, String(pid), "net");
  mkdirSync(folder, { recursive: true });
  const rest = "00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0 0 10 0";
  const rows = lines.map((line, index) => `   ${index}: ${line} ${rest}\n`);
  writeFileSync(join(folder, name), `  sl  local_address rem_address   st\n${rows.join("")}`);
}
