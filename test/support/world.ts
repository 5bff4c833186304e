import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { Out, World } from "../../src/core/world.ts";

export interface FakeWorld extends World {
  readonly out: () => string;
  readonly err: () => string;
}

/** A world of strings: nothing of the real process, time stands still. */
export function fakeWorld(change: Partial<World> = {}): FakeWorld {
  const stdout = sink();
  const stderr = sink();
  return {
    args: [],
    env: {},
    cwd: "/nowhere",
    home: "/nowhere",
    uid: 1000,
    pid: 1,
    stdin: new PassThrough().end(),
    stdout: stdout.out,
    stderr: stderr.out,
    terminal: {
      write: async (to, bytes) =>
        (to === "stdout" ? stdout : stderr).out.write(Buffer.from(bytes).toString()),
      size: () => undefined,
      onResize: () => () => undefined,
      setRaw: () => undefined,
    },
    kill: () => false,
    interrupted: new AbortController().signal,
    now: () => Date.UTC(2026, 10, 21),
    random: randomBytes,
    execPath: process.execPath,
    nodeVersion: process.versions.node,
    entry: "/nowhere/mypaas.js",
    sharedObjects: () => [],
    packageRoot: join(import.meta.dirname, "../.."),
    out: stdout.text,
    err: stderr.text,
    ...change,
  };
}

function sink(): { readonly out: Out; readonly text: () => string } {
  let text = "";
  const write = (more: string) => {
    text += more;
  };
  return { out: { write, isTTY: false, columns: 80 }, text: () => text };
}
