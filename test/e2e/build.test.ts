import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import Docker from "dockerode";
import { createBuilder } from "../../src/adapters/engines/docker/build.ts";
import { readMessages } from "../../src/adapters/engines/docker/messages.ts";
import type { BuildInput, ContextEntry, ImageFacts } from "../../src/deploy/ports.ts";
import { startTokenRegistry } from "../support/token-registry.ts";
import { nodeImage as node } from "../support/images.ts";

const socketPath = "/var/run/docker.sock";
const docker = new Docker({ socketPath });
const tag = "t-engine/build:r1";
const builders = ["buildkit", "classic"] as const;

async function untag(reference: string): Promise<void> {
  await docker
    .getImage(reference)
    .remove({ force: true })
    .catch(() => undefined);
}

after(async () => {
  await untag(tag);
  await docker.pruneImages({ filters: { label: ["t-engine-build=1"], dangling: ["true"] } });
});

function file(path: string, content: string | Buffer, mode = 0o644): ContextEntry {
  const bytes = Buffer.from(content);
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return { path, mode, size: bytes.length, open };
}

interface Built {
  readonly lines: string[];
  readonly facts: ImageFacts;
}

async function build(
  builder: "auto" | "buildkit" | "classic",
  dockerfile: string,
  more: Partial<BuildInput> = {},
): Promise<Built> {
  const lines: string[] = [];
  const entries = more.context ?? [];
  const { build: run } = createBuilder({ socketPath, now: Date.now, random: randomBytes, builder });
  const facts = await run({
    service: "web",
    dockerfile: "Dockerfile",
    tag,
    target: undefined,
    buildArgs: {},
    labels: { "t-engine-build": "1" },
    options: { pull: false, noCache: false },
    onLine: (line) => lines.push(line),
    signal: AbortSignal.timeout(240_000),
    ...more,
    context: [file("Dockerfile", dockerfile), ...entries],
  });
  return { lines, facts };
}

interface Failure {
  readonly message: string;
  readonly hint: unknown;
  readonly details: readonly string[];
}

async function failure(action: Promise<unknown>): Promise<Failure> {
  try {
    await action;
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "UserError", String(error));
    const { hint, details } = error as Error & { hint: unknown; details: readonly string[] };
    return { message: error.message, hint, details };
  }
  throw new Error("nothing was thrown");
}

/** What an image's command prints. */
async function output(image: string, command?: readonly string[]): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    Labels: { "t-engine-build": "1" },
    ...(command === undefined ? {} : { Cmd: [...command] }),
  });
  try {
    await container.start();
    await container.wait();
    const log: unknown = await container.logs({ stdout: true, stderr: true });
    assert.ok(Buffer.isBuffer(log));
    return log.subarray(8).toString("utf8").trim();
  } finally {
    await container.remove({ force: true });
  }
}

const run = (source: string): string => `RUN ${JSON.stringify(["node", "-e", source])}`;

for (const builder of builders) {
  test(`${builder}: a build FROM a local image shows its steps and output, and the second comes from the cache`, async () => {
    const unique = randomBytes(4).toString("hex");
    const dockerfile = `FROM ${node}
ARG WHO=nobody
${run(`console.log("${unique} for", process.env.WHO); console.error("\\u001b]0;title\\u0007done")`)}
COPY a.txt /a.txt
EXPOSE 8080 53/udp
USER 1000
`;
    const more = { context: [file("a.txt", "text")], buildArgs: { WHO: "mypaas" } };
    const { lines, facts } = await build(builder, dockerfile, more);
    const text = lines.join("\n");
    assert.match(text, new RegExp(`^${unique} for mypaas$`, "m"));
    assert.match(text, /^done$/m);
    assert.match(text, /^\[\d\/\d\] COPY a\.txt \/a\.txt/m);
    assert.deepEqual(
      { ...facts, id: "" },
      {
        id: "",
        exposed: [8080],
        hasHealthcheck: false,
        hasLauncher: false,
        user: "1000",
        volumes: [],
        routingLabels: [],
      },
    );
    assert.match(facts.id, /^sha256:/);
    const info = await docker.getImage(tag).inspect();
    assert.equal(info.Id, facts.id);
    assert.equal(info.Config.Labels?.["t-engine-build"], "1");
    const second = await build(builder, dockerfile, more);
    assert.match(second.lines.join("\n"), /CACHED/);
    assert.doesNotMatch(second.lines.join("\n"), new RegExp(`^${unique} for`, "m"));
    const third = await build(builder, dockerfile, {
      ...more,
      options: { pull: false, noCache: true },
    });
    assert.match(third.lines.join("\n"), new RegExp(`^${unique} for mypaas$`, "m"));
  });

  test(`${builder}: FROM scratch and a target in the middle of several stages`, async () => {
    const dockerfile = `FROM ${node} AS one
LABEL t-engine-build=1
${run('require("fs").writeFileSync("/out", "made in one")')}
FROM scratch AS two
COPY --from=one /out /out
FROM ${node} AS three
${run("process.exit(1)")}
`;
    await build(builder, dockerfile, { target: "two" });
    const { facts } = await build(builder, `FROM scratch\nCOPY a /\n`, {
      context: [file("a", "1")],
    });
    assert.match(facts.id, /^sha256:/);
  });

  test(`${builder}: a step that fails is named with its exit code and its output`, async () => {
    const source = "for (let n = 0; n < 50; n++) console.log('line', n); process.exit(3)";
    const error = await failure(build(builder, `FROM ${node}\n${run(source)}\n`));
    assert.equal(error.message, `build web: step "${run(source)}" stopped with exit code 3`);
    assert.equal(error.details.length, 20);
    assert.equal(error.details.at(-1), "line 49");
  });

  test(`${builder}: what is wrong with a Dockerfile is said in one sentence`, async (t) => {
    const cases: readonly (readonly [string, string, Partial<BuildInput>?])[] = [
      [`FROM ${node}\nRUNN x\n`, "Dockerfile:2: unknown instruction: RUNN"],
      ["RUN x\n", "Dockerfile: an instruction stands before the first FROM"],
      ["# nothing\n", "Dockerfile: has no instructions"],
      [`FROM ${node} AS a\n`, 'Dockerfile: no build stage "nope"', { target: "nope" }],
      [
        `FROM ${node} AS a\n`,
        "docker/Other: not found in the build context",
        { dockerfile: "docker/Other" },
      ],
      [
        `FROM ${node}\nCOPY nope.txt /\n`,
        'build web: step "COPY nope.txt /": "nope.txt" is not in the build context',
      ],
      [
        `FROM ${node}\nRUN echo hi\n`,
        'build web: step "RUN echo hi": cannot run /bin/sh: no such file or directory',
      ],
      [
        "FROM 127.0.0.1:9/x/y:1\n",
        'build web: base image "127.0.0.1:9/x/y:1": registry 127.0.0.1:9 cannot be reached',
      ],
    ];
    for (const [dockerfile, message, more] of cases) {
      await t.test(message, async () => {
        assert.equal((await failure(build(builder, dockerfile, more))).message, message);
      });
    }
  });

  test(`${builder}: a blob that no longer matches breaks the build with its own error and makes no image`, async () => {
    await untag(tag);
    const broken: ContextEntry = {
      path: "b.bin",
      mode: 0o644,
      size: 3_000_000,
      async *open() {
        yield Buffer.alloc(1_000_000);
        throw new Error("blob: does not match its hash");
      },
    };
    const dockerfile = "FROM scratch\nCOPY a /\n";
    const context = [file("a", "1"), broken];
    await assert.rejects(build(builder, dockerfile, { context }), /^Error: blob: does not match/);
    const short = {
      ...broken,
      async *open() {
        yield Buffer.alloc(10);
      },
    };
    const cut = build(builder, dockerfile, { context: [file("a", "1"), short] });
    await assert.rejects(cut, /b\.bin: 10 bytes or more instead of 3000000/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await assert.rejects(docker.getImage(tag).inspect(), { statusCode: 404 });
  });

  test(`${builder}: an aborted build stops on the engine too`, async () => {
    const marker = `marker-${randomBytes(6).toString("hex")}`;
    const abort = new AbortController();
    const dockerfile = `FROM ${node}\n${run(`console.log("${marker}"); setTimeout(() => {}, 60000)`)}\n`;
    const reason = new Error("superseded");
    const building = build(builder, dockerfile, {
      signal: abort.signal,
      onLine: (line) => {
        if (line === marker) abort.abort(reason);
      },
    });
    await assert.rejects(building, reason);
    const { readdir, readFile } = await import("node:fs/promises");
    const running = async (): Promise<boolean> => {
      for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
        const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        if (line.includes(marker) && !line.includes("test")) return true;
      }
      return false;
    };
    for (let round = 0; round < 100 && (await running()); round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(await running(), false);
  });

  test(`${builder}: links lead nowhere outside, and odd names arrive as they are`, async () => {
    const names = ["ü ñ.txt", "a'b\"c$(x).txt", `${"long".repeat(40)}.txt`, "-rf", "d/.hidden"];
    const context: ContextEntry[] = [
      ...names.map((name) => file(`files/${name}`, name)),
      { path: "files/link", link: "/etc/hostname" },
      { path: "files/up", link: "../../../../etc" },
      file("files/run.sh", "x", 0o755),
    ];
    const script = `const fs = require("fs"); console.log(JSON.stringify([
      fs.readdirSync("/files").sort(), fs.readlinkSync("/files/link"),
      fs.statSync("/files/run.sh").mode & 511, fs.statSync("/files/run.sh").mtimeMs > 1e12]))`;
    const dockerfile = `FROM ${node}\nCOPY files /files\nCMD ${JSON.stringify(["node", "-e", script.replace(/\s+/g, " ")])}\n`;
    await build(builder, dockerfile, { context });
    const [listed, link, mode, recent] = JSON.parse(await output(tag)) as unknown[];
    const expected = [...names.filter((name) => !name.includes("/")), "d", "link", "up", "run.sh"];
    assert.deepEqual(listed, expected.toSorted());
    assert.deepEqual([link, mode, recent], ["/etc/hostname", 0o755, true]);
  });

  test(`${builder}: 10 000 files and one of 200 MB pass through a flat memory`, async () => {
    const chunk = Buffer.alloc(64 * 1024, 7);
    const chunks = 3200;
    let before = 0;
    let peak = 0;
    const big: ContextEntry = {
      path: "big",
      mode: 0o644,
      size: chunk.length * chunks,
      async *open() {
        for (let n = 0; n < chunks; n += 1) {
          before ||= process.memoryUsage().rss;
          peak = Math.max(peak, process.memoryUsage().rss);
          yield chunk;
        }
      },
    };
    const many = Array.from({ length: 10_000 }, (_, n) => file(`many/${n}.txt`, `${n}`));
    await build(builder, "FROM scratch\nCOPY many/9999.txt /\n", { context: [...many, big] });
    assert.ok(peak - before < 120e6, `memory grew by ${Math.round((peak - before) / 1e6)} MB`);
  });
}

test("base images behind token authentication are built from without a login", async (t) => {
  const registry = await startTokenRegistry();
  t.after(registry.close);
  for (const builder of builders) {
    const base = `${registry.host}/team/base-${builder}:1`;
    await build(
      "auto",
      `FROM ${node}\nENV BASE=${builder}\nLABEL u=${randomBytes(8).toString("hex")}\n`,
      { tag: base },
    );
    const auth = { ...registry.credentials, serveraddress: registry.host };
    const push = await docker.getImage(base).push({ authconfig: auth });
    for await (const message of readMessages(push as AsyncIterable<Uint8Array>)) {
      assert.equal(message["error"], undefined, JSON.stringify(message));
    }
    await untag(base);
    await untag(tag);
    const given = registry.anonymous();
    await build(builder, `FROM ${base}\nCMD ["node","-e","console.log(process.env.BASE)"]\n`, {
      options: { pull: true, noCache: false },
    });
    assert.ok(registry.anonymous() > given);
    assert.equal(await output(tag), builder);
    await untag(tag);
    await untag(base);

    const missing = `${registry.host}/team/base-${builder}:2`;
    assert.equal(
      (await failure(build(builder, `FROM ${missing}\n`))).message,
      `build web: base image "${missing}": not found`,
    );
    registry.refuse(true);
    const refused = await failure(build(builder, `FROM ${registry.host}/team/secret:1\n`));
    assert.equal(
      refused.message,
      `build web: base image "${registry.host}/team/secret:1": the registry wants a login, or has no such image`,
    );
    assert.equal(
      refused.hint,
      `check the name in FROM, or log in: mypaas registry login ${registry.host}`,
    );
    registry.refuse(false);
  }
});
