import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readMessages } from "../../src/adapters/engines/docker/messages.ts";
import type { RegistryInfo } from "../../src/core/actions/registries.ts";
import { nodeImage } from "../support/images.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { failureOf } from "../support/said-e2e.ts";
import { makeSource } from "../support/source-e2e.ts";
import { startTokenRegistry, type TokenRegistry } from "../support/token-registry.ts";

const passwords = ["of-one ?>~~ü", "of-two-secret"] as const;
let server: TestServer;
let one: TokenRegistry;
let two: TokenRegistry;

before(async () => {
  one = await startTokenRegistry({ username: "ann", password: passwords[0] });
  two = await startTokenRegistry({ username: "bob", password: passwords[1] });
  for (const registry of [one, two]) await publish(registry);
  server = await startServer("t-e2edoc-reg");
});
after(async () => {
  await server?.remove();
  for (const registry of [one, two]) {
    await docker
      .getImage(baseOf(registry))
      .remove({ force: true })
      .catch(() => undefined);
    await registry?.close();
  }
});

const baseOf = ({ host }: TokenRegistry): string => `${host}/team/base:1`;

/** Puts the base image there and nowhere else; from then on the registry knows nobody without a login. */
async function publish(registry: TokenRegistry): Promise<void> {
  const { host, credentials, refuse } = registry;
  await docker.getImage(nodeImage).tag({ repo: `${host}/team/base`, tag: "1" });
  const authconfig = { ...credentials, serveraddress: host };
  const push = await docker.getImage(baseOf(registry)).push({ authconfig });
  for await (const message of readMessages(push as AsyncIterable<Uint8Array>))
    assert.equal(message["error"], undefined);
  await docker.getImage(baseOf(registry)).remove({ force: true });
  refuse(true);
}

const login = ({ host }: TokenRegistry, username: string, password: string) =>
  server.run(
    ["registry", "login", host, "--username", username, "--password-stdin", "-r", "prod"],
    { input: `${password}\n` },
  );

const list = async () => {
  const { out } = await server.must(["registry", "list", "-r", "prod", "--json"]);
  const { registries } = JSON.parse(out) as { readonly registries: readonly RegistryInfo[] };
  return registries;
};

test("without a login a private base image is refused, and the way out is exact", async () => {
  const web = await makeSource(server, "web", { from: baseOf(one) });
  const { message, hint } = failureOf(await server.push(web));
  assert.equal(
    message,
    `build web: base image "${baseOf(one)}": the registry wants a login, or has no such image`,
  );
  assert.equal(
    hint,
    `check the name in FROM, or log in: mypaas registry login ${one.host} -r prod`,
  );
});

test("a login that the registry refuses is not kept, and one at a place without registry neither", async () => {
  const wrong = await login(one, "ann", "not-her-password");
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /registry 127\.0\.0\.1:\d+: refused the login of ann\n/);
  assert.doesNotMatch(wrong.err + wrong.out, /not-her-password/);
  const nobody = await server.run(
    ["registry", "login", "127.0.0.1:9", "-u", "ann", "--password-stdin", "-r", "prod"],
    { input: "secret-password" },
  );
  assert.match(nobody.err, /registry 127\.0\.0\.1:9: cannot be reached from the server\n/);
  assert.deepEqual(await list(), []);
});

test("two logins build one image out of two registries, and neither registry sees the other's", async () => {
  assert.equal((await login(one, "ann", passwords[0])).code, 0);
  assert.equal((await login(two, "bob", passwords[1])).code, 0);
  const registries = await list();
  const hosts = [one.host, two.host].toSorted();
  assert.deepEqual(
    registries.map(({ host }) => host),
    hosts,
  );
  const web = await makeSource(server, "web", {
    from: baseOf(one),
    build: [`COPY --from=${baseOf(two)} /lib* /two/`],
  });
  const said = await server.mustPush(web);
  assert.equal((await server.get(web.host)).body, "first page");
  assert.deepEqual(
    [...one.shown()].toSorted(),
    [`ann:${passwords[0]}`, "ann:not-her-password"].toSorted(),
  );
  assert.deepEqual([...two.shown()], [`bob:${passwords[1]}`]);
  console.log(`shown to the first: ${one.shown().size}, to the second: ${two.shown().size}`);
  for (const password of passwords) assert.ok(!JSON.stringify(said).includes(password));
});

test("no password comes back, and none is in a log, a label or a readable file", async () => {
  const { out } = await server.must(["registry", "list", "-r", "prod"]);
  console.log(out);
  const log = await readFile(join(server.instance.folder, "worker.log"), "utf8");
  const stored = JSON.stringify([
    server.query("SELECT action, service, key, content, body FROM requests"),
    server.query("SELECT event FROM job_log"),
    server.query("SELECT release FROM releases"),
  ]);
  for (const password of passwords)
    for (const text of [out, log, stored]) assert.ok(!text.includes(password));
});

test("after a logout the login is gone", async () => {
  for (const { host } of [one, two]) await server.must(["registry", "logout", host, "-r", "prod"]);
  assert.deepEqual(await list(), []);
  const again = await server.run(["registry", "logout", one.host, "-r", "prod"]);
  assert.match(
    again.err,
    /: no login is stored\nhint: list the logins: mypaas registry list -r prod\n/,
  );
  const shop = await makeSource(server, "shop", {
    from: `${two.host}/team/base:1`,
    build: ["USER 1000"],
  });
  assert.match(
    failureOf(await server.push(shop, ["--pull"])).message,
    /the registry wants a login/,
  );
});
