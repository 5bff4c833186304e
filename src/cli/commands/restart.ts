import type { CommandFile } from "../command-builder.ts";
import type { ServerOptions } from "../connect/ask.ts";
import { jobCommand } from "../connect/job-command.ts";
import { serviceArgument } from "../input/service-argument.ts";
import type { CommandIo, ExitCode } from "../io.ts";

export const declaration: CommandFile = {
  examples: ["mypaas restart web", "mypaas restart web -r prod"],
  run: restart,
};

/** `mypaas restart SERVICE`: 0 live, 1 not. */
export async function restart(
  args: ServerOptions & { readonly service: string },
  io: CommandIo,
): Promise<ExitCode> {
  const service = serviceArgument(args.service, "restart");
  return jobCommand({ ...args, action: { action: "restart", service } }, io);
}
