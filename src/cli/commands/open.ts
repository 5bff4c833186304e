import type { AnyServiceArgs, CommandFile, CommandIo, ExitCode } from "../command.ts";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";

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
  const port = args.port === undefined ? 0 : readPort(args.port);
  const { openPage } = await import("../open/open-page.ts");
  return openPage({ ...args, port }, io);
}

function readPort(word: string): number {
  if (/^[1-9]\d{0,4}$/.test(word) && Number(word) <= 65_535) return Number(word);
  throw new UserError(`open: --port should be from 1 to 65535, got ${JSON.stringify(word)}`, {
    code: "usage",
    hint: hint`take any that is free: ${command("open")}`,
  });
}
