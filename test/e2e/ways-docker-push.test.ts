import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mustRun, run } from "../../scripts/machine/run.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { asBuildx } from "../support/buildx-layout.ts";
import { openImageLaptop, type ImageLaptop } from "../support/push-image-e2e.ts";
import { replicasOf } from "../support/processes-e2e.ts";
import { findTraces } from "../support/traces-e2e.ts";

let server: TestServer;
let laptop: ImageLaptop;
let token = "";
const begun = Date.now();

before(async () => {
  server = await startServer("t-e2epush", { init: ["--domain", "localhost", "--registry"] });
  laptop = await openImageLaptop(server);
  token = await create("--services", "web,multi");
});
after(async () => {
  await laptop?.remove();
  await server?.remove();
});

const create = async (...args: readonly string[]): Promise<string> =>
  (await server.must(["token", "create", ...args, "-r", "prod"])).out.trim();

/** As they stand in the platform of an image. */
const arch = process.arch === "arm64" ? "arm64" : "amd64";

const skopeo = (...words: readonly string[]) => {
  const to = ["--dest-tls-verify=false", "--dest-creds", `token:${token}`];
  const isLocal = words.at(-1)?.startsWith("oci:") === true;
  return run("skopeo", ["--insecure-policy", "copy", ...(isLocal ? [] : to), ...words]);
};

const push = (image: string) => laptop.docker("push", image);

/** The release that is live. */
const releaseOf = async (service: string) => (await server.get(`${service}.localhost`)).release;

/** A request of the distribution API through Traefik. */
function ask(
  method: string,
  path: string,
  more: {
    readonly body?: Uint8Array;
    readonly headers?: Record<string, string>;
    readonly cutAt?: number;
    readonly as?: string;
  } = {},
) {
  const { body, headers = {}, cutAt, as = token } = more;
  const authorization = `Basic ${Buffer.from(`any:${as}`).toString("base64")}`;
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>(
    (resolve, reject) => {
      const asked = request({
        host: "127.0.0.1",
        port: server.instance.httpsPort,
        servername: "localhost",
        rejectUnauthorized: false,
        agent: false,
        method,
        path,
        headers: { host: laptop.host, authorization, ...length, ...headers },
      });
      asked.on("error", reject).on("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (more: string) => (text += more));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
        );
      });
      if (cutAt === undefined) asked.end(body);
      else
        asked.write(body?.subarray(0, cutAt), () =>
          setTimeout(() => asked.destroy(new Error("cut")), 300),
        );
    },
  );
}

test("docker push with a token makes an image live, and the same image changes nothing", async () => {
  const login = await laptop.login(token);
  assert.equal(login.code, 0, login.err);
  const image = await laptop.build("web:1");
  const pushed = await push(image);
  assert.equal(pushed.code, 0, pushed.out + pushed.err);
  assert.deepEqual(await server.get("web.localhost"), {
    status: 200,
    release: "web/1",
    body: "first",
  });
  await laptop.docker("tag", image, `${laptop.host}/web:again`);
  const again = await push(`${laptop.host}/web:again`);
  assert.equal(again.code, 0, again.out + again.err);
  assert.equal(await releaseOf("web"), "web/1");
});

test("a release that does not start fails the push with our words, and no request is lost", async () => {
  const load = server.load("web.localhost", { isPlain: true });
  const bad = await laptop.build("web:bad", { command: ["sh", "-c", "exit 3"] });
  const failed = await push(bad);
  assert.equal(failed.code, 1, failed.out + failed.err);
  assert.match(
    failed.out + failed.err,
    /denied: .*deploy web: container stopped with exit code 3[\s\S]*web still runs release 1/,
  );
  const good = await push(await laptop.build("web:2", { page: "second" }));
  assert.equal(good.code, 0, good.out + good.err);
  const count = await load.stop();
  console.log(`docker push under load: ${JSON.stringify(count)}`);
  assert.equal((await server.get("web.localhost")).body, "second");
});

test("labels are keys: a wrong one is named, a right one counts", async () => {
  const wrong = await push(await laptop.build("web:3", { labels: { "mypaas.prot": "80" } }));
  assert.equal(wrong.code, 1);
  assert.match(wrong.out + wrong.err, /denied: image label mypaas\.prot: unknown key/);
  const other = await laptop.build("web:4", { labels: { "mypaas.servicename": "other" } });
  const named = await push(other);
  assert.match(named.out + named.err, /denied: image label mypaas\.servicename/);
  const worker = { "mypaas.process.worker": "/busybox sleep 1000" };
  const right = await push(await laptop.build("web:5", { labels: worker }));
  assert.equal(right.code, 0, right.out + right.err);
  assert.equal(await releaseOf("web"), "web/4");
  const seen = await replicasOf(server, "web");
  assert.deepEqual(seen.map(({ process, release }) => `${process} ${release}`).toSorted(), [
    "web 4",
    "worker 4",
  ]);
});

test("a token may push its services only, until it is revoked", async () => {
  const foreign = await laptop.build("other:1");
  const denied = await push(foreign);
  assert.equal(denied.code, 1);
  assert.match(denied.out + denied.err, /denied: .*token token: not allowed: push other/);
  const readOnly = await create("stats", "--services", "*", "--read-only");
  assert.equal((await ask("POST", "/v2/web/blobs/uploads/", { as: readOnly })).status, 403);
  assert.equal((await ask("GET", "/v2/", { as: `${token}x` })).status, 401);
  const short = await create("short", "--services", "web");
  assert.equal((await ask("GET", "/v2/", { as: short })).status, 200);
  await server.must(["token", "revoke", short, "-r", "prod"]);
  const manifest = await ask("PUT", "/v2/web/manifests/x", { as: short, body: Buffer.from("{}") });
  assert.ok([400, 401].includes(manifest.status), String(manifest.status));
  const listed = await server.must(["token", "list", "-r", "prod"]);
  assert.match(listed.out, /short +[0-9a-f]{16} .* revoked/);
});

test("skopeo pushes too, and what is no image is refused", async () => {
  const image = await laptop.build("multi:1", { page: "by skopeo" });
  const place = `docker://${laptop.host}/multi:skopeo`;
  const copied = await skopeo(`docker-daemon:${image}`, place);
  assert.equal(copied.code, 0, copied.out + copied.err);
  assert.equal((await server.get("multi.localhost")).body, "by skopeo");
  const { text } = await ask("GET", "/v2/multi/manifests/skopeo");
  const config = {
    mediaType: "application/vnd.buildkit.cacheconfig.v0",
    digest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
    size: Buffer.byteLength(text),
  };
  const cache = { schemaVersion: 2, config, layers: [] };
  const body = Buffer.from(JSON.stringify(cache));
  const put = await ask("PUT", "/v2/multi/manifests/cache", { body });
  assert.match(put.text, /is no image of a program/);
});

test("an index as buildx makes it gives this server's image; its attestations are passed over", async () => {
  const image = await laptop.build("multi:2", { page: "by buildx" });
  const layout = join(laptop.folder, "layout");
  const copied = await skopeo(`docker-daemon:${image}`, `oci:${layout}:latest`);
  assert.equal(copied.code, 0, copied.out + copied.err);
  const own = await asBuildx(layout);
  const place = `docker://${laptop.host}/multi:buildx`;
  const pushed = await skopeo("--all", `oci:${layout}:latest`, place);
  console.log(`an index of ${own.manifests.length} manifests: exit code ${pushed.code}`);
  assert.equal(pushed.code, 0, pushed.out + pushed.err);
  assert.equal((await server.get("multi.localhost")).body, "by buildx");
  // The same index as `docker buildx build --output type=oci` saves it is the same content.
  const archive = join(laptop.folder, "multi.tar");
  await mustRun("tar", ["-cf", archive, "-C", layout, "."]);
  const again = await server.run(["push", "prod", "--image", archive, "multi"]);
  assert.match(again.out + again.err, /nothing changed: multi runs release 2/);
  const foreign = Buffer.from(
    JSON.stringify({
      ...own,
      manifests: own.manifests.filter(({ platform }) => platform.architecture !== arch),
    }),
  );
  const refused = await ask("PUT", "/v2/multi/manifests/foreign", { body: foreign });
  assert.equal(refused.status, 403);
  assert.match(refused.text, new RegExp(`is for linux/s390x, this server is linux/${arch}`));
});

test("two pushes at once end as the newer one, and an upload that broke goes on", async () => {
  const images = [];
  for (const page of ["one", "two"]) images.push(await laptop.build(`web:${page}`, { page }));
  const both = await Promise.all(images.map(push));
  const codes = both.map(({ code }) => code);
  const { body } = await server.get("web.localhost");
  console.log(`two at once: exit codes ${codes.join(" and ")}, now "${body}"`);
  assert.ok(codes.includes(0), both.map(({ out, err }) => out + err).join("\n"));
  for (const { code, out, err } of both)
    if (code !== 0) assert.match(out + err, /superseded|newer/);
  const bytes = Buffer.alloc(400_000, "layer");
  const { headers } = await ask("POST", "/v2/web/blobs/uploads/");
  const place = String(headers["location"]);
  await assert.rejects(ask("PATCH", place, { body: bytes, cutAt: 200_000 }), /cut/);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const status = await ask("GET", place);
  const end = Number(/^0-(\d+)$/.exec(String(status.headers["range"]))?.[1]) + 1;
  assert.ok(end > 1 && end <= 200_000, String(end));
  const range = `${end}-${bytes.length - 1}`;
  const rest = { body: bytes.subarray(end), headers: { "content-range": range } };
  assert.equal((await ask("PATCH", place, rest)).status, 202);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  assert.equal((await ask("PUT", `${place}?digest=${digest}`)).status, 201);
  console.log(`an upload of ${bytes.length} bytes broke and went on at ${end}`);
});

test("a worker that dies in the middle fails the push within seconds", async () => {
  const slow = await laptop.build("web:slow", {
    page: "slow",
    command: ["sh", "-c", "/busybox sleep 8; exec /busybox httpd -f -p 8080 -h /www"],
  });
  const pushing = push(slow);
  for (let tries = 0; tries < 100; tries += 1) {
    const open = server.query("SELECT id FROM jobs WHERE ended IS NULL AND service = 'web'");
    if (open.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const killed = Date.now();
  await server.stopWorker("SIGKILL");
  const failed = await pushing;
  const ms = Date.now() - killed;
  console.log(`docker push after the worker was killed: exit code ${failed.code} after ${ms} ms`);
  await server.startWorker();
  assert.equal(failed.code, 1, failed.out + failed.err);
  await server.settled("web");
  assert.equal((await server.get("web.localhost")).status, 200);
});

test("a full disk refuses an upload with numbers, and a push with our words", async () => {
  const { spool } = instancePaths(server.instance);
  const receiver = `${server.instance.name}-receiver`;
  await mustRun("docker", ["stop", "-t", "1", receiver]);
  await mustRun("mount", [
    "-t",
    "tmpfs",
    "-o",
    "size=520m,uid=65532,gid=65532,mode=700",
    "t-e2epush",
    spool,
  ]);
  try {
    await mustRun("docker", ["start", receiver]);
    const full = await laptop.build("web:full", { page: "full" });
    const failed = await push(full);
    assert.equal(failed.code, 1);
    assert.match(failed.out + failed.err, /denied: disk: .* MiB free for uploads/);
  } finally {
    await mustRun("docker", ["stop", "-t", "1", receiver]);
    await mustRun("umount", [spool]);
    await mustRun("docker", ["start", receiver]);
  }
});

test("no token is in any log, file or table", async () => {
  const [, body = "", signature = ""] = /^mpg_([^.]+)\.(.+)$/.exec(token) ?? [];
  assert.ok(body.length > 50 && signature.length > 100);
  const encoded = Buffer.from(`token:${token}`).toString("base64").slice(60, 200);
  const texts = [body.slice(0, 100), signature.slice(0, 100), encoded];
  const { places, found } = await findTraces(server, "web", { texts, since: begun });
  console.log(`the token was looked for in ${places} places`);
  assert.deepEqual(found, []);
  assert.match(await readFile(join(laptop.folder, "docker", "config.json"), "utf8"), /"auth"/);
});

test("init --no-registry closes the door", async () => {
  const said = await server.must([
    "init",
    "--no-systemd",
    "--instance",
    server.instance.name,
    "--state",
    server.instance.stateDir,
    "--no-registry",
  ]);
  assert.equal(said.code, 0);
  await server.stopWorker();
  await server.startWorker();
  const statuses: number[] = [];
  // As of every path that leads nowhere.
  for (let tries = 0; tries < 100 && statuses.at(-1) !== 503; tries += 1) {
    statuses.push((await ask("GET", "/v2/")).status);
    // Traefik reads its file a moment after it was written.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(statuses.at(-1), 503, statuses.join(" "));
});
