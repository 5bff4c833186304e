import { UserError } from "../../core/errors.ts";
import type { RemoveInfo } from "../../core/actions/lifecycle.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { jobCommand } from "../connect/job-command.ts";
import { askPerson } from "../input/questions.ts";
import { command, hint } from "../../core/hints.ts";

export interface RemoveArgs extends ServiceArgs {
  /** `--volumes`: the Docker volumes go too. */
  readonly volumes?: boolean | undefined;
  /** `--yes`: do not ask for confirmation. */
  readonly yes?: boolean | undefined;
}

export const declaration: CommandFile = {
  options: [
    ["--volumes", "remove its Docker volumes too, with all data in them"],
    ["-y, --yes", "do not ask for confirmation"],
  ],
  examples: ["mypaas remove web -r prod", "mypaas remove web --volumes --yes -r prod"],
  run: remove,
};

/** `mypaas remove SERVICE`: says what goes and what stays, asks, and removes exactly that. */
export async function remove(args: RemoveArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const info = await ask({ action: "remove.list", service }, args, io);
  const volumes = args.volumes === true ? info.volumes : [];
  for (const text of describe(info, volumes)) io.say({ kind: "note", text });
  if (args.yes !== true) await confirm(service, io);
  const action = { action: "remove", service, volumes } as const;
  return jobCommand({ ...args, action, isDone: (last) => last?.kind === "removed" }, io);
}

function describe(info: RemoveInfo, volumes: readonly string[]): readonly string[] {
  const { routes, containers, images, releases, env, users = [] } = info;
  const count = (many: number, what: string) => `${many} ${what}${many === 1 ? "" : "s"}`;
  const kept = info.volumes.filter((name) => !volumes.includes(name));
  return [
    ...routes.map((route) => `goes: ${route}`),
    `goes: ${count(containers, "container")}, ${count(images, "image")}, ${count(releases, "release")}`,
    ...(env.length === 0 ? [] : [`goes: the values of ${env.join(", ")}`]),
    ...(users.length === 0 ? [] : [`goes: the passwords of ${users.join(", ")}`]),
    ...volumes.map((volume) => `goes: volume ${volume} with all data in it`),
    ...kept.map((volume) => `stays: volume ${volume}`),
    ...info.folders.map((folder) => `stays: ${folder}`),
  ];
}

async function confirm(service: string, io: CommandIo): Promise<void> {
  const answer = await askPerson(io.world, `type ${service} to remove it: `);
  if (answer === service) return;
  const why = answer === undefined ? "no terminal to ask on" : "not confirmed";
  throw new UserError(`remove ${service}: ${why}`, {
    code: "not-confirmed",
    hint: hint`to remove it without confirmation: ${command(`remove ${service} --yes`)}`,
  });
}
