import { Chalk } from "chalk";
import type { Theme } from "../../core/wire/event-text.ts";
import type { World } from "../../core/world.ts";

type Stream = "stdout" | "stderr";

/** Colours for a stream: none when it is not a terminal or NO_COLOR is set, forced by FORCE_COLOR. */
export function themeOf(world: Pick<World, "env" | Stream>, stream: Stream = "stderr"): Theme {
  const { env, [stream]: out } = world;
  const wanted = out.isTTY && env["TERM"] !== "dumb" && !env["NO_COLOR"];
  const chalk = new Chalk({ level: wanted || env["FORCE_COLOR"] ? 1 : 0 });
  return { failed: chalk.red, live: chalk.green, warning: chalk.yellow, dim: chalk.dim };
}
