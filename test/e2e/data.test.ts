import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { anonymousOf, ask, hasVolume, hiddenVolume, makeStore } from "../support/data-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { writeDockerfile, type Source } from "../support/source-e2e.ts";

const name = "t-e2e-data";
const image = [...hiddenVolume("/data"), 'VOLUME ["/scratch/"]'];
let server: TestServer;
let store: Source;

before(async () => {
  server = await startServer(name);
  store = await makeStore(server, "store", { files: { "mounts.js": mounts } });
});
after(() => server?.remove());

const keys = [
  "scale = 1",
  "volume = data:/data",
  "volume = none:/scratch",
  "release = node mounts.js",
];
const mounts = "console.log(require('node:fs').readFileSync('/proc/self/mountinfo', 'utf8'))";

/** The volume that a program had at /scratch, in what it printed of its mounts. */
function scratchIn(text: string): string {
  const [used = ""] = /[0-9a-f]{64}(?=\/_data \/scratch )/.exec(text) ?? [];
  assert.match(used, /^[0-9a-f]{64}$/, text);
  return used;
}

test("an image with volumes that no key covers is refused before the switch, with both ways out", async () => {
  await writeDockerfile(store, { build: hiddenVolume("/data") });
  const one = failureOf(await server.push(store));
  assert.equal(
    one.message,
    "deploy store: the image declares VOLUME /data, and no mypaas.volume covers it, so data would be lost",
  );
  assert.equal(
    one.hint,
    "to keep its data, write: # mypaas.volume = data:/data — to throw it away with each container: # mypaas.volume = none:/data",
  );
  await writeDockerfile(store, { build: ["ENV A=/data/db B=/logs/", "VOLUME $A $B"], keys });
  const several = failureOf(await server.push(store));
  assert.match(
    several.message,
    /declares VOLUME \/data\/db and \/logs, and no mypaas\.volume covers them/,
  );
  assert.equal(several.details.length, 2, several.details.join("\n"));
  assert.match(several.details[0] ?? "", /# mypaas\.volume = db:\/data\/db .*none:\/data\/db/);
  assert.deepEqual(await server.containers("store"), []);
  const planned = await server.run(["plan", "-r", "prod"], { cwd: store.folder });
  assert.equal(planned.code, 1);
  assert.match(planned.err, /declares VOLUME \/data\/db and \/logs/);
});

test("check tells of VOLUME in the Dockerfile itself, and nothing is sent", async () => {
  await writeDockerfile(store, { build: image, keys: ["volume = data:/data"] });
  const checked = await server.run(["check"], { cwd: store.folder });
  assert.equal(checked.code, 1);
  assert.match(
    checked.out + checked.err,
    /VOLUME \/scratch: its data would be lost with each release/,
  );
  assert.match(checked.out + checked.err, /# mypaas\.volume = none:\/scratch/);
});

test("data in a named volume outlives every kind of release; what is thrown away goes with its container", async () => {
  await writeDockerfile(store, { build: image, keys });
  const first = await server.mustPush(store);
  const printed = first.events.flatMap((event) => (event.kind === "output" ? [event.text] : []));
  const seen = new Set<string>([scratchIn(printed.join("\n"))]);
  let expected = "";
  const look = async (what: string) => {
    await server.settled("store");
    assert.equal(await ask(server, store, "/read?/data/x"), expected, what);
    assert.equal(await ask(server, store, "/read?/scratch/x"), "error ENOENT", what);
    await write(what);
  };
  const write = async (what: string) => {
    expected += `${what},`;
    assert.equal(await ask(server, store, `/write?/data/x=${expected}`), expected);
    assert.equal(await ask(server, store, "/write?/scratch/x=1"), "1");
    const now = await anonymousOf(server, "store");
    for (const volume of now) seen.add(volume);
    for (const volume of seen) assert.equal(await hasVolume(volume), now.includes(volume), volume);
  };
  await write("push");
  await store.write("page.txt", "second page");
  await server.mustPush(store);
  await look("again");
  for (const words of [
    ["restart", "store"],
    ["env", "store", "set", "A=1"],
    ["rollback", "store", "3"],
  ]) {
    await server.must([...words, "-r", "prod"]);
    await look(words[0] ?? "");
  }
  await server.must(["stop", "store", "-r", "prod"]);
  await server.must(["start", "store", "-r", "prod"]);
  await look("start");
  await server.must(["scale", "store", "2", "-r", "prod"]);
  await server.settled("store");
  assert.equal(await ask(server, store, "/read?/data/x"), expected);
  for (const volume of await anonymousOf(server, "store")) seen.add(volume);
  const ran = await server.must(["run", "store", "-r", "prod", "--", "node", "mounts.js"]);
  seen.add(scratchIn(ran.out));
  await server.must(["remove", "store", "--volumes", "--yes", "-r", "prod"]);
  const left = await Promise.all(
    [...seen, `${name}-store-data`].map((volume) => hasVolume(volume)),
  );
  console.log(`${seen.size} volumes of containers, ${left.filter(Boolean).length} left`);
  assert.ok(seen.size >= 8, String(seen.size));
  assert.deepEqual(left.filter(Boolean), []);
});

const passwd = "root:x:0:0::/:/bin/sh\nann:x:1234:1235::/:/bin/sh\n";
const group = "root:x:0:\nann:x:1235:\ndata:x:77:ann\n";

const users = [
  ["ann", "1234:1235"],
  ["ann:data", "1234:77"],
  ["4321", "4321:4321"],
] as const;
const fill = [
  "node",
  "-e",
  "fs.mkdirSync('/filled'); fs.writeFileSync('/filled/x', 'image'); fs.chownSync('/filled', 55, 56)",
];

/** The Dockerfile of a service whose programs run as this user. */
const asUser = (user: string, service: string) => ({
  keys: [
    "scale = 1",
    "volume = a:/lacks/deep",
    `volume = ~/${service}/sub:/home-data`,
    "volume = c:/filled",
  ],
  build: ["COPY passwd group /etc/", `RUN ${JSON.stringify(fill)}`, `USER ${user}`],
  files: { passwd, group },
});

test("a user by name or by number can write its new volumes, and no other user gets them later", async () => {
  const pushed = users.map(async ([user, owner]) => {
    const service = `user-${user.replace(":", "-")}`;
    const source = await makeStore(server, service, asUser(user, service));
    await server.mustPush(source);
    return { source, owner };
  });
  for (const { source, owner } of await Promise.all(pushed)) {
    for (const path of ["/lacks/deep", "/home-data"]) {
      assert.equal(await ask(server, source, `/owner?${path}`), owner, path);
      assert.equal(await ask(server, source, `/write?${path}/x=1`), "1", path);
    }
    assert.equal(await ask(server, source, "/owner?/filled"), "55:56");
    assert.equal(await ask(server, source, "/read?/filled/x"), "image");
  }
  const [first] = await Promise.all(pushed);
  assert.ok(first);
  await writeDockerfile(first.source, asUser("0", first.source.service));
  await server.mustPush(first.source);
  assert.equal(await ask(server, first.source, "/owner?/lacks/deep"), first.owner);
  assert.equal(await ask(server, first.source, "/owner?/home-data"), first.owner);
});

test("a user that the image does not know is told, and leaves nothing behind", async () => {
  const source = await makeStore(server, "unknown-user", {
    keys: ["volume = a:/a"],
    build: ["USER nobody-here"],
  });
  const failed = failureOf(await server.push(source));
  console.log(failed.message);
  assert.match(failed.message, /nobody-here/);
  assert.deepEqual(await server.containers("unknown-user"), []);
});

test("the service of another project is not replaced without a word", async () => {
  const one = await makeStore(server, "same", {
    keys: ["scale = 1", "volume = data:/data"],
  });
  await server.mustPush(one);
  const before = await ask(server, one, "/write?/data/x=mine");
  const two = await makeStore(server, "same", {
    keys: ["scale = 1", "domain = two.example.test", "volume = data:/data"],
    files: { "other.txt": "another project" },
  });
  const file = await readFile(join(two.folder, "Dockerfile"), "utf8");
  await two.write("Dockerfile", file.replace("# mypaas.domain = same.example.test\n", ""));
  const refused = await server.run(["push", "prod"], { cwd: two.folder });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /of another project, same-\w+ \(Dockerfile\), and this is same-\w+/);
  assert.match(refused.err, /http:\/\/same\.example\.test would go/);
  assert.match(refused.err, /mypaas push --replace/);
  assert.equal(await ask(server, one, "/read?/data/x"), before);
  // The project itself goes on as before, from the folder that it has.
  await one.write("page.txt", "new");
  await server.mustPush(one);
  const said = await server.mustPush(two, ["--replace"]);
  assert.ok(
    said.events.some(
      (event) => event.kind === "note" && event.text.startsWith("goes: http://same.example.test"),
    ),
  );
  assert.equal(eventOf(said, "live").release, 3);
  assert.equal(await ask(server, { host: "two.example.test" }, "/read?/data/x"), "mine");
});
