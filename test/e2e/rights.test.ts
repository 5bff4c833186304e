import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fingerprint } from "../../src/core/ssh/public-key.ts";
import type { Results } from "../../src/core/actions/actions.ts";
import { UserError } from "../../src/core/errors.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { rawClient, refusalOf } from "../support/raw-request.ts";
import { actionNames, isAllowed, keyOptions, samples } from "../support/rights-matrix.ts";
import { requestBytes } from "../support/signed.ts";

let server: TestServer;
let raw: ReturnType<typeof rawClient>;
const clients: ReturnType<typeof rawClient>[] = [];

before(async () => {
  server = await startServer("t-e2ewords");
  raw = rawClient(server.line);
});
after(async () => {
  await Promise.all([raw, ...clients].map((client) => client?.close()));
  await server?.remove();
});

const print = (line: string) =>
  fingerprint(Buffer.from(line.split(" ").find((word) => word.startsWith("AAAA")) ?? "", "base64"));

/** A laptop of its own, whose key has these options. */
async function enrolled(options: string) {
  const client = rawClient(server.line);
  clients.push(client);
  await server.must(["key", "add", "--", `${options} ${client.key.line}`]);
  return client;
}

test("keys with options may do through the receiver what the table says, action by action", async () => {
  let asked = 0;
  let refused = 0;
  for (const options of [
    'actions="push"',
    'actions="logs"',
    'actions="manage"',
    'services="blog",actions="push,logs"',
    'services="*"',
    "no-volumes",
    "expires=2026-11-21",
  ] as const) {
    const client = await enrolled(options);
    const column = keyOptions.indexOf(options);
    for (const name of actionNames)
      for (const service of ["blog", "web"]) {
        const action = samples[name](service);
        if (!("service" in action) && service === "web") continue;
        const { body } = requestBytes(client.server, Date.now(), action);
        const code = await client.post(body, client.key.sign(body)).then(
          () => "done",
          (error: unknown) => {
            if (error instanceof UserError) return error.code;
            throw error;
          },
        );
        asked += 1;
        const isRefused = code === "forbidden" || code === "expired-key";
        if (isRefused) refused += 1;
        const words = `${name} ${service} with ${options}: ${code}`;
        assert.equal(!isRefused, isAllowed(name, column, service), words);
        assert.notEqual(code, "bad-request", words);
        assert.notEqual(code, "bug", words);
      }
  }
  console.log(`${asked} requests signed, ${refused} refused for want of a right`);
});

test("the list says when a key was used, and a removed key is refused at once with what it had begun", async () => {
  const client = await enrolled('services="web"');
  const own = print(client.key.line);
  const listed = async () => {
    const { out } = await server.must(["key", "list", "--json"]);
    return (JSON.parse(out) as Results["key.list"]).keys.find((key) => key.fingerprint === own);
  };
  assert.equal((await listed())?.lastUsed, undefined);
  const { body, token } = client.push("web");
  const { request } = await client.post(body, client.key.sign(body));
  const begun = client.client.request(request, token);
  await begun.status();
  const lastUsed = (await listed())?.lastUsed ?? 0;
  assert.ok(Math.abs(Date.now() - lastUsed) < 60_000, String(lastUsed));
  await server.must(["key", "remove", own]);
  const message = `key ${own}: not enrolled on this server any more`;
  assert.equal((await refusalOf(begun.status())).message, message);
  assert.equal((await refusalOf(begun.start())).message, message);
  const events = begun.openEvents(0, AbortSignal.timeout(9000));
  assert.equal((await refusalOf(events)).message, message);
  const again = client.push("web");
  assert.equal(
    (await refusalOf(client.post(again.body, client.key.sign(again.body)))).message,
    `key ${own}: not enrolled on this server`,
  );
});
