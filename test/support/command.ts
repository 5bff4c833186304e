import type { Event } from "../../src/core/wire/events.ts";
import type { World } from "../../src/core/world.ts";
import type { CommandIo, ExitCode } from "../../src/cli/command.ts";
import { UserError } from "../../src/core/errors.ts";
import { fakeWorld } from "./world.ts";

/** Runs one command in this process and returns everything that it said. */
export async function runCommand(
  world: Partial<World>,
  body: (io: CommandIo) => Promise<ExitCode>,
  onSay: (event: Event) => void = () => {},
) {
  const said: Event[] = [];
  const answers: unknown[] = [];
  const io: CommandIo = {
    world: fakeWorld(world),
    json: false,
    say: (event) => {
      said.push(event);
      onSay(event);
    },
    answer: (text, json) => answers.push({ text, json }),
  };
  try {
    return { code: await body(io), said, answers, error: undefined };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { code: undefined, said, answers, error };
  }
}
