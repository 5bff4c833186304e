import { createInterface } from "node:readline";
import type { CommandIo } from "../command.ts";

/** Asks the person at the terminal; undefined without a terminal. */
export async function askPerson(
  question: string,
  { world }: CommandIo,
): Promise<string | undefined> {
  if (world.stdin.isTTY !== true) return undefined;
  world.stderr.write(question);
  const lines = createInterface({ input: world.stdin, signal: world.interrupted });
  try {
    for await (const line of lines) return line.trim();
    return undefined;
  } finally {
    lines.close();
  }
}
