import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mustRun } from "../../scripts/machine/run.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { gitLaptop, repositoryIn, type Repository } from "../support/git-e2e.ts";
import { startLineProxy } from "../support/line-proxy.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { openImageLaptop, type ImageLaptop } from "../support/push-image-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** What no line and no builder makes smaller; it travels once for each way. */
const bigBytes = 40 * 1024 * 1024;
const big = randomBytes(bigBytes);

let server: TestServer;
let laptop: ImageLaptop;
let line: Awaited<ReturnType<typeof startLineProxy>>;
let env: Awaited<ReturnType<typeof gitLaptop>>["env"];

before(async () => {
  server = await startServer("t-e2ebroken", { init: ["--domain", "localhost", "--registry"] });
  laptop = await openImageLaptop(server);
  line = await startLineProxy(server.instance.httpsPort);
  const { httpsPort } = server.instance;
  await server.must([
    "remote",
    "add",
    "thin",
    server.line.replace(`:${httpsPort}`, `:${line.port}`),
  ]);
  ({ env } = await gitLaptop(server));
});
after(async () => {
  line?.stop();
  await laptop?.remove();
  await server?.remove();
});

/** One way in, with a service of its own. */
interface Way {
  readonly name: string;
  readonly service: string;
  readonly host: string;
  /** Makes what is pushed next, with this page. */
  readonly make: (page: string) => Promise<void>;
  /** The command that pushes it to a remote. */
  readonly words: (remote: string) => readonly string[];
  readonly folder: () => string;
}

const sources = new Map<string, Source>();

/** The folder of a service, with this page. */
async function write(service: string, page: string): Promise<Source> {
  const source = sources.get(service) ?? (await made(service));
  sources.set(service, source);
  await source.write("page.txt", page);
  return source;
}

async function made(service: string): Promise<Source> {
  const files = { "big.bin": big, ".dockerignore": ".git\n" };
  const keys = ["scale = 1"];
  return makeSource(server, service, { files, keys });
}

const pushed = { image: "", repository: undefined as Repository | undefined };

const ways: readonly Way[] = [
  {
    name: "archive",
    service: "boxed",
    host: "boxed.example.test",
    make: async (page) => {
      const { folder } = await write("boxed", page);
      await mustRun("tar", ["-cf", join(server.instance.folder, "boxed.tar"), "-C", folder, "."]);
    },
    words: (remote) => ["mypaas", "push", remote, "boxed.tar"],
    folder: () => server.instance.folder,
  },
  {
    name: "git push",
    service: "tracked",
    host: "tracked.example.test",
    make: async (page) => {
      const { folder } = await write("tracked", page);
      if (pushed.repository === undefined) {
        pushed.repository = repositoryIn(folder, env);
        await pushed.repository.must("init", "-q");
        for (const remote of ["prod", "thin"])
          await pushed.repository.must("remote", "add", remote, `mypaas::${remote}`);
      }
      await pushed.repository.commit(page);
    },
    words: (remote) => ["git", "push", remote, "main"],
    folder: () => pushed.repository?.folder ?? "",
  },
  {
    name: "push --image",
    service: "shipped",
    host: "shipped.localhost",
    make: async (page) => {
      const labels = { "mypaas.scale": "1" };
      pushed.image = await laptop.build(`shipped:${page}`, { page, big, labels });
    },
    words: (remote) => ["mypaas", "push", remote, "--image", pushed.image, "shipped"],
    folder: () => server.instance.folder,
  },
];

/** A push that runs, and all that it has said. */
function start(way: Way, remote: string) {
  const [command = "", ...args] = way.words(remote);
  const child = spawn(command, args, { cwd: way.folder(), env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const done = new Promise<number>((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
  return { done, said: () => said };
}

async function mustPush(way: Way, remote = "prod"): Promise<void> {
  const push = start(way, remote);
  const code = await push.done;
  assert.equal(code, 0, push.said());
  await server.settled(way.service);
}

const pageOf = async ({ host }: Way) => (await server.get(host)).body.trim();

const releasesOf = ({ service }: Way): number =>
  server.query("SELECT number FROM releases WHERE service = ?", service).length;

for (const way of ways)
  test(`${way.name}: a line that breaks in the middle of the upload goes on where it broke`, async () => {
    await way.make("first");
    const before = line.counted().cuts;
    line.cutAfter(bigBytes * 0.75);
    await mustPush(way, "thin");
    const { sent, cuts } = line.counted();
    console.log(`${way.name}: cut ${cuts - before} time, ${sent} bytes sent for ${bigBytes}`);
    assert.equal(cuts - before, 1);
    // From the beginning again, it would be 1.75 times as much.
    assert.ok(sent < bigBytes * 1.6, String(sent));
    assert.equal(await pageOf(way), "first");
  });

test("docker push: a line that breaks in the middle of a layer is no failed push", async () => {
  const token = (await server.must(["token", "create", "--services", "docked", "-r", "prod"])).out;
  const thin = `localhost:${line.port}`;
  const login = ["login", thin, "-u", "token", "--password-stdin"];
  const config = { ...process.env, DOCKER_CONFIG: join(laptop.folder, "docker") };
  await mustRun("docker", login, { env: config, input: token.trim() });
  const image = await laptop.build("docked:1", { page: "docked", big });
  const tag = `${thin}/docked:1`;
  await laptop.docker("tag", image, tag);
  const before = line.counted().cuts;
  line.cutAfter(bigBytes / 2);
  const ran = await laptop.docker("push", tag);
  await laptop.docker("rmi", tag);
  const { sent, cuts } = line.counted();
  console.log(`docker push: cut ${cuts - before} time, ${sent} bytes sent for ${bigBytes}`);
  assert.deepEqual([ran.code, cuts - before], [0, 1], ran.out + ran.err);
  assert.equal((await server.get("docked.localhost")).body, "docked");
});

test("a full disk refuses each way with numbers, and what runs goes on", async () => {
  for (const way of ways) await way.make("second");
  const { blobs } = instancePaths(server.instance);
  await mustRun("mount", ["-t", "tmpfs", "-o", "size=257m,mode=700", "t-e2ebroken", blobs]);
  try {
    for (const way of ways) {
      const push = start(way, "prod");
      const code = await push.done;
      assert.notEqual(code, 0, push.said());
      const [said = ""] = /disk: .*/.exec(push.said()) ?? [];
      console.log(`${way.name}: ${said}`);
      assert.match(push.said(), /disk: .* has \d+\.\d MiB free, this needs \d+\.\d MiB/);
      assert.equal(await pageOf(way), "first");
    }
  } finally {
    await mustRun("umount", [blobs]);
  }
});

/** Those that no other suite shows two at once. */
const others = ways.filter(({ name }) => name !== "push --image");

for (const way of others)
  test(`${way.name}: the same twice at once is one release, and both see it live`, async () => {
    const before = releasesOf(way);
    const both = [start(way, "prod"), start(way, "prod")];
    const codes = await Promise.all(both.map(({ done }) => done));
    await server.settled(way.service);
    console.log(`${way.name}: twice at once, ${releasesOf(way) - before} release`);
    assert.deepEqual(codes, [0, 0], both.map(({ said }) => said()).join("\n"));
    assert.deepEqual([releasesOf(way) - before, await pageOf(way)], [1, "second"]);
  });
