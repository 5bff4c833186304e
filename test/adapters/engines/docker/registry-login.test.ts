import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { checkLogin } from "../../../../src/adapters/engines/docker/registry-login.ts";
import { startFakeDocker, type FakeAnswer } from "../../../support/fake-docker.ts";
import { refusal } from "../../../support/worker.ts";

const login = { host: "ghcr.io", username: "ann", password: "secret-word" };

async function engine(t: TestContext, answer: FakeAnswer) {
  const bodies: unknown[] = [];
  const docker = await startFakeDocker({
    "POST /auth": ({ body }) => {
      bodies.push(JSON.parse(body.toString()));
      return answer;
    },
  });
  t.after(docker.close);
  return {
    bodies,
    check: (more = login) => checkLogin(docker.socketPath, more),
    seen: docker.seen,
  };
}

test("the engine tries the login, in the body of a request and nowhere else", async (t) => {
  const { bodies, check, seen } = await engine(t, { body: { Status: "Login Succeeded" } });
  await check();
  await check({ ...login, host: "docker.io" });
  assert.deepEqual(bodies, [
    { username: "ann", password: "secret-word", serveraddress: "ghcr.io" },
    { username: "ann", password: "secret-word", serveraddress: "https://index.docker.io/v1/" },
  ]);
  assert.deepEqual(seen, ["POST /auth", "POST /auth"]);
});

const refused: readonly [status: number, message: string, shown: string][] = [
  [
    401,
    'Get "https://ghcr.io/v2/": unauthorized: secret-word is wrong',
    `registry ghcr.io: refused the login of ann
Get "https://ghcr.io/v2/": unauthorized: *** is wrong
hint: check the name and the password; many registries want a token instead of it`,
  ],
  [
    500,
    'Get "https://ghcr.io/v2/": denied: denied',
    `registry ghcr.io: refused the login of ann
Get "https://ghcr.io/v2/": denied: denied
hint: check the name and the password; many registries want a token instead of it`,
  ],
  [
    500,
    'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host',
    `registry ghcr.io: cannot be reached from the server
Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host
hint: check the name, and the server's network and DNS, then log in again`,
  ],
  [
    500,
    "login attempt to https://ghcr.io/v2/ failed with status: 404 Not Found",
    `registry ghcr.io: could not check the login
login attempt to https://ghcr.io/v2/ failed with status: 404 Not Found
hint: see that it is a registry: curl -i https://ghcr.io/v2/`,
  ],
];
for (const [status, message, shown] of refused)
  test(`a refusal says why, and never the password: ${message.slice(0, 50)}`, async (t) => {
    const { check } = await engine(t, { status, body: { message } });
    assert.equal(await refusal(check), shown);
  });
