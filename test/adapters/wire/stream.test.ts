import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { followStream } from "../../../src/adapters/wire/stream.ts";
import type { FakeServerOptions } from "../../support/fake-wire-server.ts";
import { bodyOf, onSocket, pausesMs, token } from "../../support/wire-client.ts";
import { refusal } from "../../support/worker.ts";

async function follow(t: TestContext, options: FakeServerOptions, stopAt: string) {
  const { client, fake } = await onSocket(t, options);
  const accepted = await client.accept(bodyOf({ action: "ps", watch: true }), undefined, "safe");
  const seen: string[] = [];
  const breaks: number[] = [];
  const lines = followStream({
    request: client.request(accepted.request, token),
    place: "prod",
    signal: new AbortController().signal,
    cursor: () => String(seen.length),
    pausesMs,
    silenceMs: 500,
    onBroken: () => void breaks.push(seen.length),
    again: "mypaas ps -r prod",
  });
  for await (const line of lines) {
    seen.push(line);
    if (line === stopAt) break;
  }
  const asked = fake.log.filter((line) => line.includes("/stream")).map((line) => line.slice(-6));
  return { seen, breaks, asked };
}

test("a stream goes on at its cursor over lines that break, end or fall silent", async (t) => {
  let calls = 0;
  const { seen, asked, breaks } = await follow(
    t,
    {
      stream: (from) => ["one", "two", "three", "four"].slice(Number(from), Number(from) + 2),
      before: (request, answer) => {
        if (request.url?.includes("/stream") !== true) return false;
        calls += 1;
        if (calls === 1) answer.write("one\nhal", () => request.socket.destroy());
        if (calls === 3) answer.write("\n");
        return calls === 1 || calls === 3;
      },
    },
    "four",
  );
  assert.deepEqual(seen, ["one", "two", "three", "four"]);
  assert.deepEqual(asked, ["from=0", "from=1", "from=3", "from=3"]);
  assert.deepEqual(breaks, [3]);
});

test("a stream whose line stays broken ends with the command that begins anew", async (t) => {
  const before: FakeServerOptions["before"] = (request) => {
    if (request.url?.includes("/stream") !== true) return false;
    request.socket.destroy();
    return true;
  };
  assert.equal(
    await refusal(() => follow(t, { before }, "")),
    "prod: connection lost, reconnecting failed\nhint: begin again: mypaas ps -r prod",
  );
});

test("a token that has ended is told with the same command, not with a push", async (t) => {
  const error = {
    code: "unauthorized",
    message: "token: expired",
    hint: "push again: mypaas push",
  };
  const before: FakeServerOptions["before"] = (request, answer) => {
    if (request.url?.includes("/stream") !== true) return false;
    answer.writeHead(401).end(JSON.stringify({ error }));
    return true;
  };
  assert.equal(
    await refusal(() => follow(t, { before }, "")),
    "token: expired\nhint: begin again: mypaas ps -r prod",
  );
  await assert.rejects(follow(t, { before }, ""), UserError);
});
