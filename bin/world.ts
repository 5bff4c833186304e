import { dirname, join } from "node:path";
import type { Out, Terminal, World } from "../src/core/world.ts";

// An `import` of a built-in module loads all its exports, which is slow. Every start needs these two.
const { existsSync } = process.getBuiltinModule("node:fs");
const { homedir } = process.getBuiltinModule("node:os");

/** The real world; the only code that reads `process`. */
export function realWorld(from: NodeJS.Process): World {
  const controller = interruption(from);
  const onClosed = () => controller.abort();
  const entry = join(
    import.meta.dirname,
    import.meta.filename.endsWith(".ts") ? "mypaas.ts" : "mypaas.js",
  );
  return {
    args: from.argv.slice(2),
    env: from.env,
    cwd: from.cwd(),
    home: homedir(),
    uid: from.getuid?.() ?? -1,
    pid: from.pid,
    get stdin() {
      return from.stdin;
    },
    stdout: out(() => from.stdout, onClosed),
    stderr: out(() => from.stderr, onClosed),
    terminal: terminal(from, onClosed),
    kill: (pid, signal) => {
      try {
        return from.kill(pid, signal);
      } catch {
        return false;
      }
    },
    interrupted: controller.signal,
    now: Date.now,
    random: (bytes) => process.getBuiltinModule("node:crypto").randomBytes(bytes),
    execPath: from.execPath,
    nodeVersion: from.versions.node,
    entry,
    sharedObjects: () => sharedObjects(from),
    packageRoot: packageRoot(import.meta.dirname),
  };
}

/** Opens the stream at the first write. */
function out(open: () => NodeJS.WriteStream, onClosed: () => void): Out {
  let opened: NodeJS.WriteStream | undefined;
  const stream = () => {
    if (opened !== undefined) return opened;
    opened = open();
    // `mypaas … | head` closes the pipe early; that is not an error.
    opened.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      onClosed();
    });
    return opened;
  };
  return {
    write: (text) => void stream().write(text),
    get isTTY() {
      return stream().isTTY === true;
    },
    get columns() {
      return stream().columns ?? 80;
    },
  };
}

function terminal(from: NodeJS.Process, onClosed: () => void): Terminal {
  return {
    write: async (to, bytes) => {
      const stream = from[to];
      if (!stream.listenerCount("error")) stream.on("error", onClosed);
      if (stream.destroyed) return;
      await new Promise<void>((resolve) => stream.write(bytes, () => resolve()));
    },
    size: () =>
      from.stdin.isTTY && from.stdout.isTTY
        ? { cols: from.stdout.columns, rows: from.stdout.rows }
        : undefined,
    onResize: (listener) => {
      from.stdout.on("resize", listener);
      return () => void from.stdout.off("resize", listener);
    },
    setRaw: (isRaw) => void from.stdin.setRawMode(isRaw),
  };
}

/** The first signal aborts the command, the second ends the process at once. */
function interruption(from: NodeJS.Process): AbortController {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) from.exit(130);
    controller.abort();
  };
  from.on("SIGINT", onSignal);
  from.on("SIGTERM", onSignal);
  return controller;
}

function sharedObjects(from: NodeJS.Process): readonly string[] {
  const report = from.report.getReport() as { readonly sharedObjects?: readonly string[] };
  return (report.sharedObjects ?? []).filter((path) => path.startsWith("/"));
}

/** The built program is in `dist/bin`, the source in `bin`. */
function packageRoot(start: string): string {
  const parent = dirname(start);
  return existsSync(join(parent, "package.json")) ? parent : dirname(parent);
}
