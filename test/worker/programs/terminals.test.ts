import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { ActionOf } from "../../../src/core/actions/actions.ts";
import { UserError } from "../../../src/core/errors.ts";
import { stdinWindowBytes, type Frame } from "../../../src/core/wire/frames.ts";
import type { OneOff, Programs } from "../../../src/adapters/engines/docker/attach.ts";
import type { Output } from "../../../src/adapters/engines/docker/demux.ts";
import type { Program } from "../../../src/adapters/engines/docker/program-streams.ts";
import { openPrograms, rememberProgram } from "../../../src/adapters/state/open-programs.ts";
import { putRelease, type ReleaseState } from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { openTerminalConnection } from "../../../src/adapters/wire/terminal-connection.ts";
import type { Replica, Engine } from "../../../src/deploy/ports.ts";
import { Terminals } from "../../../src/worker/programs/terminals.ts";
import { release } from "../../support/releases.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { refusal, scratchState } from "../../support/worker.ts";

const request = "ab".repeat(32);
type ProgramAction = ActionOf<"run"> | ActionOf<"exec">;
const run: ProgramAction = { action: "run", service: "web", command: ["node", "x.js"] };
const exec: ProgramAction = { action: "exec", service: "web", command: ["sh"] };
const fine = () => undefined;

interface Setup {
  readonly states?: readonly ReleaseState[];
  readonly image?: string;
  readonly list?: readonly OneOff[];
  /** What the program says and does. */
  readonly output?: () => AsyncIterable<Output>;
  readonly isDeaf?: boolean;
}

function open(t: TestContext, setup: Setup = {}) {
  const state = scratchState(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  for (const [index, was] of (setup.states ?? ["retired", "live"]).entries()) {
    const mounts = [
      { type: "volume", source: "mypaas-web-data", target: "/data", readOnly: false },
    ] as const;
    const one = release("web", index + 1, { mounts });
    const more = { imageId: "sha256:x", content: "c", created: 1, key: "root", job: 1 };
    putRelease(state, { release: one, state: was, ...more });
  }
  const did: string[] = [];
  const over = Promise.withResolvers<void>();
  const program: Program = {
    output:
      setup.output ??
      async function* () {
        yield { stream: "stdout", bytes: Buffer.from("hello") };
        yield { stream: "stderr", bytes: Buffer.alloc(100_000) };
      },
    write: async (bytes) => {
      did.push(`stdin ${bytes.length}`);
      if (setup.isDeaf === true) await new Promise(() => {});
    },
    endInput: () => void did.push("stdin-end"),
    resize: async ({ cols, rows }) => void did.push(`size ${cols}x${rows}`),
    signal: async (signal) => void did.push(signal),
    end: async () => 7,
    abandon: async () => {
      did.push("abandoned");
      over.resolve();
    },
  };
  const programs: Programs = {
    run: async ({ name, release }) => {
      did.push(`run ${name} of ${release.image}`);
      return program;
    },
    detach: async ({ name }) => void did.push(`detach ${name}`),
    enter: async (container, asked, onId) => {
      onId("exec-1");
      did.push(`enter ${container}: ${asked.command.join(" ")}`);
      return program;
    },
    leave: async (id) => void did.push(`leave ${id}`),
    list: async () => setup.list ?? [],
    remove: async (name) => void did.push(`remove ${name}`),
  };
  const containers = [
    { id: "c3", process: "web", replica: 2, release: 2, state: "running" },
    { id: "c2", process: "web", replica: 1, release: 2, state: "ended" },
    { id: "c1", process: "web", replica: 1, release: 1, state: "running" },
    { id: "c4", process: "worker", replica: 1, release: 2, state: "running" },
  ].map((one) => ({ ...one, service: "web", name: `web.${one.replica}` }) as Replica);
  const engine = {
    inspectImage: async () => ({
      id: setup.image ?? "sha256:x",
      exposed: [],
      hasHealthcheck: false,
      hasLauncher: false,
      user: "",
      volumes: [],
      routingLabels: [],
    }),
    ensureVolume: async (name: string) => void did.push(`volume ${name}`),
    replicas: async () => containers,
  } as Partial<Engine> as Engine;
  let time = 1_000_000_000;
  const terminals = new Terminals({
    state,
    now: () => time,
    programs: async () => programs,
    engine: async () => engine,
    guardMs: 5,
  });
  /** Opens the connection of a request, and reads all frames for the client. */
  const attach = async (guard = fine) => {
    const [client, socket] = await socketPair();
    const done = terminals.open(request, guard)(socket, Buffer.alloc(0));
    const line = openTerminalConnection(client, { head: Buffer.alloc(0), place: "prod" });
    const heard = async () => {
      const frames: Frame[] = [];
      for await (const frame of line.frames()) {
        frames.push(frame);
        if (frame.kind === "exit" || frame.kind === "error") break;
      }
      await line.end();
      await done;
      return frames;
    };
    return { line, done, heard };
  };
  const wait = (ms: number) => (time += ms);
  return { state, did, over: over.promise, terminals, attach, wait, now: () => time };
}

const endless = (): AsyncIterable<Output> => ({
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
});

test("a run starts with its connection, sends all output and its exit code, and is forgotten", async (t) => {
  const { terminals, attach, did, state } = open(t);
  assert.deepEqual(await terminals.accept(request, run), {
    service: "web",
    release: 2,
    name: "web-run-abababab",
  });
  assert.deepEqual(did, []);
  const frames = await (await attach()).heard();
  assert.deepEqual(
    frames.map((frame) =>
      "bytes" in frame ? `${frame.kind} ${Buffer.byteLength(frame.bytes as Uint8Array)}` : frame,
    ),
    ["stdout 5", "stderr 65536", "stderr 34464", { kind: "exit", code: 7 }],
  );
  assert.deepEqual(did, ["volume mypaas-web-data", "run web-run-abababab of mypaas/web:r2"]);
  assert.deepEqual(openPrograms(state), []);
});

test("an accepted request takes one connection, within a minute", async (t) => {
  const { terminals, attach, wait } = open(t);
  const none = "request: no program waits for a connection\nhint: run the same command again";
  assert.equal(await refusal(() => terminals.open(request, fine)), none);
  await terminals.accept(request, run);
  await (await attach()).heard();
  assert.equal(await refusal(() => terminals.open(request, fine)), none);
  await terminals.accept(request, run);
  wait(60_000);
  assert.equal(await refusal(() => terminals.open(request, fine)), none);
});

test("the number of requests that wait for a connection is limited", async (t) => {
  const { terminals } = open(t);
  for (let count = 0; count < 64; count += 1)
    await terminals.accept(String(count).padStart(64, "0"), run);
  assert.equal(
    await refusal(() => terminals.accept(request, run)),
    "server: too many programs wait for their connection",
  );
});

test("input, its end, sizes and signals reach the program, and the client learns what was read", async (t) => {
  const { terminals, attach, did, over } = open(t, { output: endless });
  await terminals.accept(request, exec);
  const { line, done } = await attach();
  await line.send({ kind: "stdin", bytes: Buffer.from("abc") });
  await line.send({ kind: "stdin-end" });
  await line.send({ kind: "resize", cols: 90, rows: 20 });
  await line.send({ kind: "signal", signal: "SIGTERM" });
  for await (const frame of line.frames()) {
    assert.deepEqual(frame, { kind: "taken", bytes: 3 });
    break;
  }
  await line.end();
  await over;
  await done;
  assert.deepEqual(did.toSorted(), [
    "SIGTERM",
    "abandoned",
    "enter c3: sh",
    "size 90x20",
    "stdin 3",
    "stdin-end",
  ]);
});

const wrong: readonly [string, readonly Frame[], string][] = [
  [
    "a frame of a server",
    [{ kind: "exit", code: 0 }],
    'connection: only a server sends frames of kind "exit"',
  ],
  [
    "more input than was asked for",
    Array.from({ length: stdinWindowBytes / 65_536 + 1 }, () => ({
      kind: "stdin",
      bytes: Buffer.alloc(65_536),
    })),
    "connection: more than 1048576 bytes of input are on the way",
  ],
];
for (const [what, frames, message] of wrong)
  test(`a protocol error ends program and connection: ${what}`, async (t) => {
    const { terminals, attach, did } = open(t, { output: endless, isDeaf: true });
    await terminals.accept(request, run);
    const { line, heard } = await attach();
    for (const frame of frames) void line.send(frame);
    const said = (await heard()).filter(({ kind }) => kind === "error");
    assert.deepEqual(said, [{ kind: "error", error: { code: "protocol", message } }]);
    assert.equal(did.at(-1), "abandoned");
  });

test("a connection ends when its key is removed", async (t) => {
  const { terminals, attach, did } = open(t, { output: endless });
  await terminals.accept(request, run);
  const line = await attach(() => {
    throw new UserError("key: not enrolled any more", { code: "unknown-key" });
  });
  const frames = await line.heard();
  assert.deepEqual(frames, [
    { kind: "error", error: { code: "unknown-key", message: "key: not enrolled any more" } },
  ]);
  assert.equal(did.at(-1), "abandoned");
});

test("a stopping worker tells all clients and ends all programs", async (t) => {
  const { terminals, attach, did, state } = open(t, { output: endless });
  await terminals.accept(request, run);
  const { heard } = await attach();
  const [frames] = await Promise.all([heard(), terminals.stop()]);
  const message = "server: the worker was stopped, and the attached program with it";
  const hint = "run the same command again";
  assert.deepEqual(frames, [{ kind: "error", error: { code: "worker-away", message, hint } }]);
  assert.equal(did.at(-1), "abandoned");
  assert.deepEqual(openPrograms(state), []);
  await terminals.accept(request, run);
  assert.equal(await refusal(() => terminals.open(request, fine)), `${message}\nhint: ${hint}`);
});

test("programs of an earlier worker are removed; detached ones stay until a day after their end", async (t) => {
  const day = 24 * 60 * 60_000;
  const now = 1_000_000_000;
  const list: readonly OneOff[] = [
    { name: "attached", isDetached: false, endedAt: undefined },
    { name: "running", isDetached: true, endedAt: undefined },
    { name: "fresh", isDetached: true, endedAt: now - day + 1 },
    { name: "old", isDetached: true, endedAt: now - day },
  ];
  const { terminals, did, state } = open(t, { list });
  for (const id of ["attached", "running", "fresh", "old", "gone"])
    rememberProgram(state, { kind: "run", id });
  rememberProgram(state, { kind: "exec", id: "e1" });
  await terminals.sweep();
  assert.deepEqual(did.toSorted(), ["leave e1", "remove attached", "remove old"]);
  assert.deepEqual(
    openPrograms(state).map(({ id }) => id),
    ["fresh", "running"],
  );
});

test("running programs are not swept away; a detached run starts at once", async (t) => {
  const { terminals, did, state } = open(t, {
    list: [{ name: "web-run-abababab", isDetached: true, endedAt: undefined }],
  });
  const result = await terminals.accept(request, { ...run, detach: true });
  assert.deepEqual(result, { service: "web", release: 2, name: "web-run-abababab" });
  await terminals.sweep();
  assert.deepEqual(did, ["volume mypaas-web-data", "detach web-run-abababab"]);
  assert.equal(openPrograms(state).length, 1);
});

const refused: readonly [string, ProgramAction, Setup, string][] = [
  [
    "an unknown service",
    { ...run, service: "shop" },
    {},
    "run shop: no such service here\nhint: list the releases: mypaas releases",
  ],
  [
    "nothing was ever live",
    run,
    { states: ["failed"] },
    "run web: it was never live\nhint: push it: mypaas push",
  ],
  [
    "an unknown release",
    { ...run, release: 9 },
    {},
    "run web: release 9 is not known\nhint: list its releases: mypaas releases web",
  ],
  [
    "an image that is gone",
    run,
    { image: "sha256:other" },
    "run web: the image of release 2 was removed\nhint: list its releases: mypaas releases web",
  ],
  [
    "a replica that does not run",
    { ...exec, replica: 1 },
    {},
    "exec web: replica 1 does not run\nhint: choose one that runs (2): mypaas exec web --replica N -- …",
  ],
  [
    "a stopped service",
    exec,
    { states: ["stopped"] },
    "exec web: it is stopped\nhint: start it: mypaas start web",
  ],
  [
    "a service that does not run",
    exec,
    { states: ["failed"] },
    "exec web: it does not run\nhint: list what runs: mypaas ps",
  ],
  [
    "no replica at all",
    exec,
    { states: ["retired", "retired", "live"] },
    "exec web: no replica of it runs now\nhint: choose one that runs (none): mypaas exec web --replica N -- …",
  ],
];
for (const [what, action, setup, message] of refused)
  test(`refused before a program starts: ${what}`, async (t) => {
    const { terminals, did } = open(t, setup);
    assert.equal(await refusal(() => terminals.accept(request, action)), message);
    assert.deepEqual(did, []);
  });

test("a stopped service can be run by hand, and so can an older release", async (t) => {
  const stopped = open(t, { states: ["retired", "stopped"] });
  assert.equal((await stopped.terminals.accept(request, run)).release, 2);
  const older = open(t);
  assert.equal((await older.terminals.accept(request, { ...run, release: 1 })).release, 1);
});
