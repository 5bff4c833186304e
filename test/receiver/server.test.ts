import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createServer } from "../../src/receiver/server.ts";

test("each request leaves one line that tells no secret, and too many at once are refused", async (t) => {
  const lines: string[] = [];
  const gate = Promise.withResolvers<void>();
  const server = createServer({
    now: () => 1_000,
    writeLine: (line) => void lines.push(line),
    fetch: async () => {
      await gate.promise;
      return new Response("fine");
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?query=secret`;
  const headers = { authorization: "Bearer secret", "x-forwarded-for": "192.0.2.7" };
  const seen = new Set<number>();
  const asked = Array.from({ length: 129 }, async () => {
    const answer = await fetch(url, { headers });
    seen.add(answer.status);
    if (answer.status === 503) gate.resolve();
    return answer.text();
  });
  const answers = (await Promise.all(asked)).toSorted();
  assert.deepEqual(seen, new Set([200, 503]));
  assert.deepEqual(new Set(answers), new Set(["fine", refusal]));
  assert.equal(answers.filter((text) => text === "fine").length, 128);
  while (lines.length < 129) await new Promise((resolve) => setImmediate(resolve));
  const common = { at: "1970-01-01T00:00:01.000Z", method: "GET", path: "/path" };
  const line = (status: number) => JSON.stringify({ ...common, status, ms: 0, from: "192.0.2.7" });
  assert.deepEqual(new Set(lines), new Set([line(200), line(503)]));
});

const refusal = '{"error":{"code":"busy","message":"server: too many requests at once"}}';
