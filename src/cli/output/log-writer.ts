import type { LogLine } from "../../core/logs/item.ts";
import type { CommandIo } from "../io.ts";
import { themeOf } from "./theme.ts";

/** Writes what an app printed to where it printed it: stdout or stderr, with its replica before it, and its release where that is another than in the replica's line before. */
export function logWriter(service: string, { world, json }: CommandIo): (line: LogLine) => void {
  const { stdout, stderr, env } = world;
  const outs = {
    stdout: { out: stdout, theme: themeOf({ env, stderr: stdout }) },
    stderr: { out: stderr, theme: themeOf(world) },
  };
  const shown = new Map<number, number>();
  return ({ stream, release, replica, at, text }) => {
    if (json) {
      const line = { service, release, replica, stream, at, text };
      stdout.write(`${JSON.stringify(line)}\n`);
      return;
    }
    const { out, theme } = outs[stream];
    const isNews = shown.get(replica) !== release;
    shown.set(replica, release);
    const prefix = `${service}.${replica}${isNews ? ` r${release}` : ""} |`;
    out.write(`${theme.dim(prefix)} ${text}\n`);
  };
}
