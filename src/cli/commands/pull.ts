import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { jobCommand } from "../connect/job-command.ts";

export interface PullArgs extends ServiceArgs {
  readonly commit?: string | undefined;
}

/** `mypaas pull SERVICE [--commit ID]`: deploys from the linked repository now. */
export function pull(args: PullArgs, io: CommandIo): Promise<ExitCode> {
  return jobCommand(
    {
      ...args,
      action: {
        action: "pull",
        service: args.service,
        ...(args.commit !== undefined && { commit: args.commit }),
      },
    },
    io,
  );
}

export const declaration: CommandFile = {
  options: [["--commit <id>", "this commit, by its full name, instead of the newest"]],
  examples: [
    "mypaas pull web -r prod",
    "mypaas pull web -r prod --commit 6bc2d8c0f1e2d3c4b5a6978812345678deadbeef",
  ],
  note: "The service has a link: mypaas link web https://github.com/ann/web#main",
  run: pull,
};
