import type { CommandFile } from "../command-builder.ts";
import type { ServerOptions } from "../connect/ask.ts";
import { jobCommand } from "../connect/job-command.ts";
import { serviceArgument } from "../input/service-argument.ts";
import type { CommandIo, ExitCode } from "../io.ts";

export const declaration: CommandFile = {
  examples: ["mypaas start web", "mypaas start web -r prod"],
  run: start,
};

/** `mypaas start SERVICE`: 0 live, 1 not. */
export async function start(
  args: ServerOptions & { readonly service: string },
  io: CommandIo,
): Promise<ExitCode> {
  const service = serviceArgument(args.service, "start");
  return jobCommand({ ...args, action: { action: "start", service } }, io);
}
