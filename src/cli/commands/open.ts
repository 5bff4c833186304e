import type { AnyServiceArgs, CommandFile, CommandIo, ExitCode } from "../command.ts";
import { numberOption } from "../input/arguments.ts";

export interface OpenArgs extends AnyServiceArgs {
  readonly print?: boolean;
  readonly port?: string | undefined;
}

export const declaration: CommandFile = {
  options: [
    ["--print", "print the address and open no browser"],
    ["--port <number>", "the port on 127.0.0.1; without it a free one"],
  ],
  examples: ["mypaas open -r prod", "mypaas open web -r prod"],
  note: "Only this machine can reach it. It ends with Ctrl-C, or after an hour\nin which nobody looks.",
  run: open,
};

/** `mypaas open [SERVICE]`: the page of a server at 127.0.0.1 until Ctrl-C; each thing it does is signed by the user's own key. */
export async function open(args: OpenArgs, io: CommandIo): Promise<ExitCode> {
  const port = numberOption(args.port, "open: --port") ?? 0;
  const { openPage } = await import("../open/open-page.ts");
  return openPage({ ...args, port }, io);
}
