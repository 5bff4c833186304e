import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  assertLossless,
  assertTakenAway,
  declare,
  loadOn,
  redeclare,
  under,
} from "../support/changes-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { failureOf } from "../support/said-e2e.ts";
import type { Source } from "../support/source-e2e.ts";

let server: TestServer;
let old: Source;
let taker: Source;
const keys = ["port = 3000", "scale = 1"];

before(async () => {
  server = await startServer("t-e2eroutes-take");
  old = await declare(server, "old", ["domain = given.test", "domain = kept.test", ...keys]);
  taker = await declare(server, "taker", ["domain = given.test", ...keys]);
  await server.mustPush(old);
});
after(() => server?.remove());

test("a domain of another service is refused, and the way out is named", async () => {
  const { message, hint, still } = failureOf(await server.push(taker));
  assert.deepEqual(
    [message, hint, still],
    [
      'route given.test: already used by service "old"',
      "choose another domain, or take it over: mypaas push --take-from old -r prod",
      "nothing runs under taker yet",
    ],
  );
});

test("a domain is taken over under load, and the old owner's other one is left alone", async () => {
  const kept = loadOn(server, "http://kept.test/");
  const given = await under(server, "http://given.test/", () =>
    server.mustPush(taker, ["--take-from", "old"]),
  );
  assertLossless("taken over", given, ["old/1", "taker/1"]);
  assertLossless("the other domain of the old owner", await kept.stop(), ["old/1"]);
  assert.equal((await server.get("given.test")).release, "taker/1");
});

test("the new owner's next release follows it, and a worker that starts again keeps all that", async () => {
  const given = await under(server, "http://given.test/", async () => {
    await taker.write("page.txt", "second page");
    await server.mustPush(taker, ["--take-from", "old"]);
    await server.stopWorker("SIGKILL");
    await server.startWorker();
    await taker.write("page.txt", "third page");
    await server.mustPush(taker);
  });
  assertLossless("its next releases", given, ["taker/1", "taker/2", "taker/3"]);
});

test("the old owner does not get it back by a push, and loses its claim with one that does without", async () => {
  await old.write("page.txt", "second page");
  const { message } = failureOf(await server.push(old));
  assert.equal(message, 'route given.test: already used by service "taker"');
  await redeclare(old, ["domain = kept.test", ...keys]);
  const given = loadOn(server, "http://given.test/");
  const kept = await under(server, "http://kept.test/", () => server.mustPush(old));
  assertLossless("the old owner's next release", kept, ["old/1", "old/2"]);
  assertLossless("the domain it lost", await given.stop(), ["taker/3"]);
});

test("a domain is taken over by a service that fails to start, and stays where it was", async () => {
  const bad = await declare(server, "bad", ["domain = kept.test", ...keys]);
  await bad.write("server.js", "process.exit(3);");
  const kept = await under(server, "http://kept.test/", async () => {
    const { code } = failureOf(await server.push(bad, ["--take-from", "old"]));
    assert.equal(code, 1);
  });
  assertLossless("a take-over that fails", kept, ["old/2"]);
});

test("an https domain is taken by a service that has it over http only", async () => {
  const keysOf = (https: boolean) => ["domain = tls.test", `https = ${https}`, ...keys];
  await server.mustPush(await declare(server, "tls", keysOf(true)));
  const plain = await declare(server, "plain", keysOf(false));
  const https = loadOn(server, "https://tls.test/");
  await under(server, "http://tls.test/", () => server.mustPush(plain, ["--take-from", "tls"]));
  assertTakenAway("https that the new owner has not", await https.stop(), {
    releases: ["tls/1"],
    status: 503,
  });
  assert.equal((await server.get("tls.test")).release, "plain/1");
});
