import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { oldProgram, releasedVersions } from "../../scripts/machine/old-version.ts";
import { anonymousOf, ask, hasVolume, makeStore } from "../support/data-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { writeDockerfile, type Source } from "../support/source-e2e.ts";

const today = join(dirname(dirname(import.meta.dirname)), "bin", "mypaas.ts");
const [version = ""] = releasedVersions.slice(-1);
const build = ["VOLUME /data"];
let server: TestServer;
let one: Source;
let pair: Source;
let thrown: Source;
let volume: string;

before(async () => {
  server = await startServer("t-e2e-updata", { program: await oldProgram(version) });
  one = await makeStore(server, "one", { build });
  pair = await makeStore(server, "pair", { build, keys: ["scale = 2"] });
  thrown = await makeStore(server, "thrown", { build });
  await server.mustPush(one);
  await server.mustPush(pair);
  await server.mustPush(thrown);
  for (const source of [one, thrown])
    assert.equal(await ask(server, source, "/write?/data/x=old"), "old");
  [volume = ""] = await anonymousOf(server, "one");
  await server.upgrade(today);
});
after(() => server?.remove());

const read = () => ask(server, one, "/read?/data/x");

test("doctor names each service with data that has no name, and the line", async () => {
  const { out } = await server.run(["doctor", "--json", "-r", "prod"]);
  const text = out.replaceAll("\\n", "\n");
  assert.match(text, new RegExp(`data of one.*/data has no mypaas.volume.*${volume}`, "s"));
  assert.match(text, /# mypaas\.volume = data:\/data/);
  assert.match(text, /data of pair/);
});

for (const words of [
  ["restart", "one"],
  ["env", "one", "set", "A=1"],
  ["stop", "one"],
  ["start", "one"],
])
  test(`a service of the version before keeps its data: ${words.join(" ")}`, async () => {
    const { code, err } = await server.run([...words, "-r", "prod"]);
    assert.equal(code, 0, err);
    await server.settled("one");
    if (words[0] === "stop") assert.equal(await hasVolume(volume), true);
    else assert.equal(await read(), "old");
  });

test("what would start beside it, and a push without the line, are refused; the data is there", async () => {
  for (const words of [
    ["scale", "one", "2"],
    ["scale", "one", "1"],
    ["restart", "pair"],
    ["env", "pair", "set", "A=1"],
  ]) {
    const said = await server.startCommand(words).done;
    const { message, hint } = failureOf(said);
    assert.match(message, /the image declares VOLUME \/data, and no mypaas\.volume covers it/);
    assert.match(hint ?? "", /# mypaas\.volume = data:\/data/);
  }
  await writeDockerfile(one, { build: ["ENV D=/data", "VOLUME $D"] });
  const { details, message } = failureOf(await server.push(one));
  assert.match(message, /declares VOLUME \/data/);
  assert.match(details.join("\n"), new RegExp(`in the volume ${volume}`));
  assert.equal(await read(), "old");
  assert.equal((await anonymousOf(server, "pair")).length, 2);
});

test("the line takes the data over, and every later release has it", async () => {
  await writeDockerfile(one, { build, keys: ["volume = data:/data"] });
  await server.mustPush(one);
  assert.equal(await read(), "old");
  assert.equal(await ask(server, one, "/write?/data/x=newer"), "newer");
  await one.write("page.txt", "second page");
  await server.mustPush(one);
  assert.equal(await read(), "newer");
  await server.must(["rollback", "one", "1", "-r", "prod"]);
  assert.equal(await read(), "newer");
  // The release that came back has no line, so two containers at once would share what only one had.
  await one.write("page.txt", "third page");
  await server.mustPush(one);
  await server.must(["scale", "one", "2", "-r", "prod"]);
  await server.settled("one");
  assert.equal(await read(), "newer");
  assert.deepEqual(await anonymousOf(server, "one"), [volume]);
});

test("of several replicas the first one's data is taken over, and the others' stays and is told", async () => {
  const volumes = await anonymousOf(server, "pair");
  await writeDockerfile(pair, { build, keys: ["volume = data:/data", "scale = 2"] });
  const said = await server.mustPush(pair);
  const [kept = ""] = await anonymousOf(server, "pair");
  const other = volumes.find((name) => name !== kept) ?? "";
  assert.ok(volumes.includes(kept));
  assert.ok(said.events.some((event) => event.kind === "warning" && event.text.includes(other)));
  assert.equal(await hasVolume(other), true);
});

test("what is thrown away from now on is kept as it was, and told", async () => {
  const [before = ""] = await anonymousOf(server, "thrown");
  await writeDockerfile(thrown, { build, keys: ["volume = none:/data"] });
  const said = await server.mustPush(thrown);
  assert.equal(eventOf(said, "live").release, 2);
  assert.ok(said.events.some((event) => event.kind === "warning" && event.text.includes(before)));
  assert.equal(await ask(server, thrown, "/read?/data/x"), "error ENOENT");
  assert.equal(await hasVolume(before), true);
});

test("a removal names such volumes, and takes them along only when it is asked to", async () => {
  const { err } = await server.must(["remove", "one", "--volumes", "--yes", "-r", "prod"]);
  assert.match(err, new RegExp(`goes: volume ${volume}`));
  assert.equal(await hasVolume(volume), false);
});
