import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Out, World } from "../src/core/world.ts";

/** The world as it is; the only place that reads `process`. */
export function realWorld(from: NodeJS.Process): World {
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
    stdout: out(from.stdout, from),
    stderr: out(from.stderr, from),
    interrupted: interruption(from),
    now: Date.now,
    random: randomBytes,
    execPath: from.execPath,
    nodeVersion: from.versions.node,
    entry,
    sharedObjects: () => sharedObjects(from),
    packageRoot: packageRoot(import.meta.dirname),
  };
}

function out(stream: NodeJS.WriteStream, from: NodeJS.Process): Out {
  // `mypaas … | head` closes the pipe early; that is no error of ours.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") from.exit(0);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
  };
}

/** The first signal asks politely, the second one ends the process at once. */
function interruption(from: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) from.exit(130);
    controller.abort();
  };
  from.on("SIGINT", onSignal);
  from.on("SIGTERM", onSignal);
  return controller.signal;
}

function sharedObjects(from: NodeJS.Process): readonly string[] {
  const report = from.report.getReport() as { readonly sharedObjects?: readonly string[] };
  return (report.sharedObjects ?? []).filter((path) => path.startsWith("/"));
}

/** The built program stands in `dist/bin`, the source in `bin`. */
function packageRoot(start: string): string {
  const parent = dirname(start);
  return existsSync(join(parent, "package.json")) ? parent : dirname(parent);
}
