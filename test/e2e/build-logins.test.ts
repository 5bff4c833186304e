import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { createBuilder } from "../../src/adapters/engines/docker/build.ts";
import { readMessages } from "../../src/adapters/engines/docker/messages.ts";
import { nodeImage } from "../support/images.ts";
import { startTokenRegistry, type TokenRegistry } from "../support/token-registry.ts";

const socketPath = "/var/run/docker.sock";
const docker = new Docker({ socketPath });
const tag = "t-e2edoc/logins:r1";
let one: TokenRegistry;
let two: TokenRegistry;

const untag = (reference: string) =>
  docker
    .getImage(reference)
    .remove({ force: true })
    .catch(() => undefined);

before(async () => {
  // In base64 this password has both letters that URLs write in another way.
  one = await startTokenRegistry({ username: "ann", password: "?>?>~~ü-of-one" });
  two = await startTokenRegistry({ username: "bob", password: "of-two-secret" });
  for (const { host, credentials, refuse } of [one, two]) {
    await docker.getImage(nodeImage).tag({ repo: `${host}/team/base`, tag: "1" });
    const image = docker.getImage(`${host}/team/base:1`);
    const push = await image.push({ authconfig: { ...credentials, serveraddress: host } });
    for await (const message of readMessages(push as AsyncIterable<Uint8Array>))
      assert.equal(message["error"], undefined);
    await image.remove({ force: true });
    refuse(true);
  }
});
after(async () => {
  await untag(tag);
  for (const registry of [one, two]) {
    await untag(`${registry.host}/team/base:1`);
    await registry.close();
  }
});

async function build(builder: "buildkit" | "classic", registries: readonly TokenRegistry[]) {
  const logins = registries.map(({ host, credentials }) => ({ host, ...credentials }));
  const unique = `LABEL u=${randomBytes(8).toString("hex")}`;
  const lines = [`FROM ${one.host}/team/base:1`, unique, `FROM ${two.host}/team/base:1`, unique];
  const text = Buffer.from(`${lines.join("\n")}\nCOPY --from=0 /lib* /one/\n`);
  const open = async function* () {
    yield text;
  };
  const options = { socketPath, now: Date.now, random: randomBytes, builder };
  await createBuilder({ ...options, logins: () => logins }).build({
    service: "web",
    dockerfile: "Dockerfile",
    tag,
    target: undefined,
    buildArgs: {},
    labels: {},
    options: { pull: true, noCache: false },
    onLine: () => {},
    signal: AbortSignal.timeout(60_000),
    context: [{ path: "Dockerfile", mode: 0o644, size: text.length, open }],
  });
}

for (const builder of ["buildkit", "classic"] as const)
  test(`${builder}: each registry is shown its own login and no other`, async () => {
    await assert.rejects(build(builder, [one]), (error: Error) => {
      assert.equal(
        error.message,
        `build web: base image "${two.host}/team/base:1": the registry wants a login, or has no such image`,
      );
      return true;
    });
    await build(builder, [one, two]);
    assert.deepEqual([...one.shown()], [`ann:${one.credentials.password}`]);
    assert.deepEqual([...two.shown()], [`bob:${two.credentials.password}`]);
    for (const { host } of [one, two]) await untag(`${host}/team/base:1`);
    await untag(tag);
  });
