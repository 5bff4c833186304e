import type { LogLine } from "../../core/logs/item.ts";
import type { CommandIo } from "../command.ts";
import { themeOf } from "./theme.ts";

/** Writes what an app printed to where it printed it: stdout or stderr, with its replica before it, and its release where that is another than in the replica's line before. */
export function logWriter(service: string, { world, json }: CommandIo): (line: LogLine) => void {
  const themes = { stdout: themeOf(world, "stdout"), stderr: themeOf(world) };
  const shown = new Map<number, number>();
  return ({ stream, release, replica, at, text }) => {
    if (json) {
      const line = { service, release, replica, stream, at, text };
      world.stdout.write(`${JSON.stringify(line)}\n`);
      return;
    }
    const isNews = shown.get(replica) !== release;
    shown.set(replica, release);
    const prefix = `${service}.${replica}${isNews ? ` r${release}` : ""} |`;
    world[stream].write(`${themes[stream].dim(prefix)} ${text}\n`);
  };
}
