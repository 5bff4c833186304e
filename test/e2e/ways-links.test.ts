import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request, Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fullPathOf } from "../../src/core/wire/routes.ts";
import { forgeToken, type Forge } from "../support/forge.ts";
import { startForgePlace, type ForgePlace } from "../support/forge-e2e.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { makeSource } from "../support/source-e2e.ts";

const name = "t-links";
let folder: string;
let place: ForgePlace;
let forge: Forge;
let server: TestServer;
/** What a repository of a service holds. */
const files: Record<string, string> = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), `${name}-forge-`));
  place = await startForgePlace(folder);
  const { dns, address } = place;
  forge = place.forge;
  const records: Readonly<Record<string, readonly string[]>> = {
    "metadata.test": ["169.254.169.254"],
    "loop.test": ["127.0.0.1"],
    "mixed.test": [address, "127.0.0.1"],
  };
  for (const [host, A] of Object.entries(records)) dns.set(host, { A });
  dns.set("six.test", { AAAA: ["::1"] });
  dns.set("mapped.test", { AAAA: ["::ffff:127.0.0.1"] });
  dns.set("nat64.test", { AAAA: ["64:ff9b::a9fe:a9fe"] });
  server = await startServer(name);
  await place.allowOn(server);
  const app = await makeSource(server, "app");
  for (const file of ["Dockerfile", "server.js", "page.txt"])
    files[file] = await readFile(join(app.folder, file), "utf8");
});
after(async () => {
  await server?.remove();
  const filters = { label: [`mypaas.instance=${name}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  for (const { Id } of await docker.listImages({ filters }))
    await docker.getImage(Id).remove({ force: true });
  await place?.close();
  await rm(folder, { recursive: true, force: true });
});

const url = (repository: string, branch?: string) => place.url(repository, branch);
const link = (service: string, to: string, ...more: readonly string[]) =>
  server.run(["link", service, to, "-r", "prod", "--json", ...more]);
const pull = (service: string, ...more: readonly string[]) =>
  server.startCommand(["pull", service, ...more]).done;
/** A repository of the service `app` with another page. */
const page = (text: string) => ({ ...files, "page.txt": text });

async function mustLink(service: string, to: string, ...more: readonly string[]) {
  const { code, out, err } = await link(service, to, ...more);
  assert.equal(code, 0, err);
  return JSON.parse(out) as { readonly hook: string; readonly secret: string };
}

test("a public repository becomes live, the same again is unchanged, also by a push", async () => {
  forge.commit("app", page("by link"));
  await mustLink("app", url("app"));
  const live = await pull("app");
  assert.equal(live.code, 0, live.out + live.err);
  assert.equal((await server.get("app.example.test")).body, "by link");
  assert.match(live.out, /taken from link: main [0-9a-f]{7} \\"change of main\\"/);
  const again = await pull("app");
  assert.equal(eventOf(again, "unchanged").kind, "unchanged");
  const source = await makeSource(server, "app", { files: { "page.txt": "by link" } });
  assert.equal(eventOf(await server.push(source), "unchanged").kind, "unchanged");
  const { out } = await server.must(["releases", "app", "-r", "prod"]);
  assert.match(out, /link main [0-9a-f]{7}/);
});

test("an exact commit is taken, the newest again, and two pulls at once end live", async () => {
  const first = forge.commit("app", page("first"));
  forge.commit("app", page("second"));
  assert.equal((await pull("app", "--commit", first)).code, 0);
  assert.equal((await server.get("app.example.test")).body, "first");
  const both = await Promise.all([pull("app"), pull("app")]);
  await server.settled("app");
  assert.ok(both.some(({ code }) => code === 0));
  assert.equal((await server.get("app.example.test")).body, "second");
});

test("a private repository wants its token, which nothing shows", async () => {
  const { code, out, err } = await link("app", url("private-app"));
  assert.equal(code, 0, out + err);
  forge.commit("private-app", page("private"));
  assert.match(
    failureOf(await pull("app")).message,
    /private-app: there is none, or it is private$/,
  );
  const give = (token: string) =>
    server.run(["link", "app", url("private-app"), "--token", "-", "-r", "prod"], { input: token });
  assert.equal((await give("wrong-token")).code, 0);
  assert.match(failureOf(await pull("app")).message, /private-app: the token is not taken$/);
  assert.equal((await give(forgeToken)).code, 0);
  const live = await pull("app");
  assert.equal(live.code, 0, live.out + live.err);
  assert.equal((await server.get("app.example.test")).body, "private");
  const { out: listed } = await server.must(["link", "list", "-r", "prod", "--json"]);
  const log = await server
    .must(["logs", "app", "--deploy", "-r", "prod"])
    .catch(() => ({ out: "" }));
  for (const text of [
    listed,
    log.out,
    live.out,
    live.err,
    await readFile(join(server.instance.folder, "worker.log"), "utf8"),
  ])
    assert.doesNotMatch(text, new RegExp(forgeToken));
  const value = await server.run(["link", "app", url("app"), "--token", forgeToken, "-r", "prod"]);
  assert.equal(value.code, 2);
});

test("what is no https repository is refused before anything is fetched", async () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["http://forge.test/app", /is not reached by https, but by http/],
    ["file:///etc", /is not reached by https, but by file/],
    ["git://forge.test/app", /is not reached by https, but by git/],
    ["ext::sh -c id", /is not/],
    [
      "git@github.com:ann/web.git",
      /is reached by ssh; name it with https: https:\/\/github\.com\/ann\/web\.git/,
    ],
    ["https://ann:secret@forge.test/app", /holds a password/],
    ["https://localhost/app", /is this server itself/],
    ["https://forge.test/app#--upload-pack=id", /names no branch/],
    ["https://forge.test/app#../../x", /names no branch/],
    ["/srv/repository", /is not a URL/],
  ];
  forge.asked.length = 0;
  for (const [text, wanted] of refusals) {
    const { code, err } = await server.run(["link", "app", text, "-r", "prod"]);
    assert.equal(code, 2, text);
    assert.match(err, wanted);
  }
  assert.deepEqual(forge.asked, []);
  console.log(`refused before a fetch: ${refusals.length}`);
});

test("special addresses, redirects and what is not there are refused in words", async () => {
  forge.commit("app", page("here"));
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["https://metadata.test/app", /not reached: not a public address/],
    ["https://loop.test/app", /not reached: not a public address/],
    ["https://mapped.test/app", /not reached: not a public address/],
    ["https://nat64.test/app", /not reached: not a public address/],
    [`https://mixed.test:${forge.port}/app`, /not reached: not a public address/],
    ["https://127.0.0.1/app", /not reached: not a public address/],
    ["https://[fd00::1]/app", /not reached: not a public address/],
    ["https://forge.test:9/app", /not reached: only the ports 443 and 22/],
    ["https://nobody.test/app", /not reached: no such host/],
    [url("moved"), /sends on to another address, which is not followed/],
    [url("nothing"), /there is none, or it is private/],
    [url("app", "absent"), /has no branch "absent"/],
  ];
  // Each with a service of its own, four at a time as the server does them.
  const left = [...refusals.entries()];
  const one = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, [text, wanted]] = next;
      await mustLink(`refused-${at}`, text);
      const said = await pull(`refused-${at}`);
      assert.equal(said.code, 1, text);
      assert.match(failureOf(said).message, wanted, text);
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  await mustLink("app", url("app"));
  const none = await pull("app", "--commit", "ab".repeat(20));
  assert.match(failureOf(none).message, /has no commit abababababab that it gives out/);
  console.log(`refused by the proxy or git: ${refusals.length + 1}`);
});

test("a repository over the limit stops with numbers, one without Dockerfile names what is missing", async () => {
  forge.commit("large", { ...files, blob: randomBytes(230 * 1024 * 1024) });
  await mustLink("app", url("large"));
  const { message } = failureOf(await pull("app"));
  assert.match(message, /large: more than 2\d\d(\.\d)? MB, stopped after 2\d\d(\.\d)? MB/);
  console.log(message);
  await rm(join(folder, "large"), { recursive: true });
  forge.commit("bare", { "page.txt": "x", "deploy/Dockerfile": "FROM scratch\n" });
  await mustLink("app", url("bare"));
  const missing = failureOf(await pull("app"));
  assert.match(missing.message, /bare main [0-9a-f]{7}: no Dockerfile in it$/);
  assert.match(missing.hint ?? "", /--dockerfile deploy\/Dockerfile/);
});

test("a failed build and a failed start leave the old release, without one failed request", async () => {
  forge.commit("app", page("good"));
  await mustLink("app", url("app"));
  assert.equal((await pull("app")).code, 0);
  await server.settled("app");
  const load = server.load("app.example.test", { isPlain: true });
  forge.commit("app", { ...files, Dockerfile: `${files["Dockerfile"]}RUN exit 3\n` });
  assert.equal((await pull("app")).code, 1);
  forge.commit("app", { ...page("good"), "server.js": "process.exit(3)" });
  const failed = failureOf(await pull("app"));
  assert.match(failed.message, /exit code 3/);
  const { sent: requests, failed: lost, reasons } = await load.stop();
  assert.equal(lost, 0, JSON.stringify(reasons));
  assert.equal((await server.get("app.example.test")).body, "good");
  console.log(`requests: ${requests}, failed: ${lost}`);
});

interface Sent {
  readonly status: number;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 32, rejectUnauthorized: false });

/** A webhook as a forge sends it, through Traefik and the receiver. */
const send = (path: string, body: string | Buffer, headers: Readonly<Record<string, string>>) =>
  new Promise<Sent>((resolve, reject) => {
    const { httpsPort: port } = server.instance;
    const asked = request(
      {
        host: server.address,
        port,
        path,
        method: "POST",
        agent,
        headers: { "content-type": "application/json", ...headers },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });

const signed = (secret: string, body: string) => ({
  "x-github-event": "push",
  "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
});

test("a webhook that is signed deploys its commit once, and nothing else deploys", async () => {
  const commit = forge.commit("app", page("by webhook"));
  const { hook, secret } = await mustLink("app", url("app"), "--auto");
  const body = JSON.stringify({
    ref: "refs/heads/main",
    after: commit,
    repository: { url: "https://evil.test" },
  });
  const before = (await server.stored()).jobs;
  for (const headers of [
    signed("another secret", body),
    {},
    { "x-github-event": "push", "x-hub-signature": "sha1=aa" },
    { "x-gitlab-event": "Push Hook", "x-gitlab-token": "wrong" },
    // A proof that is there and wrong is not passed over for a weaker one that is right.
    { ...signed("another secret", body), "x-gitlab-token": secret },
  ])
    assert.equal((await send(hook, body, headers)).status, 403);
  assert.equal(
    (await send(fullPathOf("hook", { id: "0".repeat(32) }), body, signed(secret, body))).status,
    404,
  );
  const large = JSON.stringify({ large: "x".repeat(3 * 1024 * 1024) });
  assert.equal((await send(hook, large, signed(secret, large))).status, 413);
  const nothing = [
    { ref: "refs/tags/v1", after: commit },
    { ref: "refs/heads/other", after: commit },
    { ref: "refs/heads/main", after: "0".repeat(40) },
    { ref: "refs/heads/main", after: "--upload-pack=id" },
  ].map((one) => JSON.stringify(one));
  for (const one of nothing) assert.equal((await send(hook, one, signed(secret, one))).status, 200);
  const ping = { ...signed(secret, body), "x-github-event": "ping" };
  assert.equal((await send(hook, body, ping)).status, 200);
  assert.equal((await server.stored()).jobs, before);
  const taken = await send(hook, body, { ...signed(secret, body), "x-github-delivery": "1" });
  assert.equal(taken.status, 202);
  const { job } = JSON.parse(taken.body) as { readonly job: number };
  const replayed = await send(hook, body, { ...signed(secret, body), "x-github-delivery": "2" });
  assert.deepEqual(JSON.parse(replayed.body), { job });
  await server.settled("app");
  assert.equal((await server.stored()).jobs, before + 1);
  assert.equal((await server.get("app.example.test")).body, "by webhook");
  const next = JSON.stringify({
    ref: "refs/heads/main",
    after: forge.commit("app", page("by gitlab")),
  });
  const lab = { "x-gitlab-event": "Push Hook", "x-gitlab-token": secret };
  assert.equal((await send(hook, next, lab)).status, 202);
  await server.settled("app");
  assert.equal((await server.get("app.example.test")).body, "by gitlab");
});

/** More of them only take longer: 10 000 were tried. */
const forgedHooks = 2_000;

test("forged webhooks do not disturb the others", async () => {
  const { hook, secret } = await mustLink("app", url("app"), "--auto");
  const load = server.load("app.example.test", { isPlain: true });
  const counts = new Map<number, number>();
  const body = JSON.stringify({ ref: "refs/heads/main", after: "ab".repeat(20) });
  const headers = signed("forged", body);
  let left = forgedHooks;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const { status } = await send(hook, body, headers).catch(() => ({ status: 0 }));
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  };
  const flood = Promise.all(Array.from({ length: 16 }, worker));
  // A true one in the middle of them.
  const commit = forge.commit("app", page("in the flood"));
  const mine = JSON.stringify({ ref: "refs/heads/main", after: commit });
  assert.equal((await send(hook, mine, signed(secret, mine))).status, 202);
  await flood;
  await server.settled("app");
  const { sent: requests, failed, reasons } = await load.stop();
  console.log(
    `forged: ${JSON.stringify(Object.fromEntries(counts))}; requests: ${requests}, failed: ${failed}`,
  );
  assert.equal(failed, 0, JSON.stringify(reasons));
  assert.equal(counts.get(403), forgedHooks);
  assert.equal((await server.get("app.example.test")).body, "in the flood");
});

test("a worker that is killed in the middle leaves no jail, and the client hears of it", async () => {
  forge.commit("app", page("after the kill"));
  forge.stall(true);
  const running = server.startCommand(["pull", "app"]);
  await running.saw(
    ({ kind, ...event }) => kind === "step" && JSON.stringify(event).includes("fetching"),
  );
  while (!forge.asked.at(-1)?.endsWith("git-upload-pack"))
    await new Promise((resolve) => setTimeout(resolve, 50));
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  const back = Date.now();
  const said = await running.done;
  console.log(`heard of it ${((Date.now() - back) / 1000).toFixed(1)} s after the worker was back`);
  assert.match(failureOf(said).message, /the worker was stopped in the middle/);
  forge.stall(false);
  assert.equal((await pull("app")).code, 0);
  const label = [`mypaas.instance=${name}`, "mypaas.role=jail"];
  assert.deepEqual(await docker.listContainers({ all: true, filters: { label } }), []);
  assert.equal((await server.get("app.example.test")).body, "after the kill");
});

test("a link is worth what its key is worth: without it nothing is deployed, and doctor says so", async () => {
  const { hook, secret } = await mustLink("app", url("app"), "--auto");
  const { out } = await server.must(["key", "list", "-r", "prod", "--json"]);
  const { keys } = JSON.parse(out) as {
    readonly keys: readonly { readonly fingerprint: string }[];
  };
  const fingerprint = keys[0]?.fingerprint ?? "";
  const line = server.query("SELECT line FROM keys WHERE fingerprint = ?", fingerprint)[0]?.[
    "line"
  ];
  // Without -r these are root's, on the server.
  await server.must(["key", "remove", fingerprint]);
  const body = JSON.stringify({
    ref: "refs/heads/main",
    after: forge.commit("app", page("never")),
  });
  assert.equal((await send(hook, body, signed(secret, body))).status, 401);
  const said = await server.run(["pull", "app"]);
  assert.equal(said.code, 1);
  assert.match(said.err, /link app: its key SHA256:\S+ is not enrolled any more/);
  const doctor = await server.run(["doctor"]);
  assert.match(doctor.out + doctor.err, /link of app.*deploys nothing: link app: its key/s);
  // Another way round: the key is there, and may do other services only.
  await server.run(["key", "add", `services="other" ${String(line).replace(/^.*?(ssh-)/, "$1")}`]);
  assert.equal((await send(hook, body, signed(secret, body))).status, 403);
  assert.equal((await server.run(["link", "app", url("app"), "-r", "prod"])).code, 1);
  assert.notEqual((await server.get("app.example.test")).body, "never");
});
