import type { LogLine } from "../../core/logs/item.ts";
import { replicaWord } from "../../core/release/processes.ts";
import type { CommandIo } from "../command.ts";
import { themeOf } from "./theme.ts";

/** Writes what an app printed to where it printed it: stdout or stderr, with its replica before it, and its release where that is another than in the replica's line before. */
export function logWriter(service: string, { world, json }: CommandIo): (line: LogLine) => void {
  const themes = { stdout: themeOf(world, "stdout"), stderr: themeOf(world) };
  const shown = new Map<string, number>();
  return ({ stream, release, process, replica, at, text }) => {
    if (json) {
      const of = process === undefined ? {} : { process };
      const line = { service, release, ...of, replica, stream, at, text };
      world.stdout.write(`${JSON.stringify(line)}\n`);
      return;
    }
    const name = replicaWord(service, { process, replica });
    const isNews = shown.get(name) !== release;
    shown.set(name, release);
    const prefix = `${name}${isNews ? ` r${release}` : ""} |`;
    world[stream].write(`${themes[stream].dim(prefix)} ${text}\n`);
  };
}
