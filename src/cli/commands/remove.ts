import { UserError } from "../../core/errors.ts";
import type { RemoveInfo } from "../../core/actions/lifecycle.ts";
import { ask } from "../input/ask.ts";
import { connect } from "../connect/connect.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { jobCommand } from "../connect/job-command.ts";
import { serviceArgument } from "../input/service-argument.ts";

export interface RemoveArgs {
  readonly service: string;
  /** `--volumes`: the Docker volumes go too. */
  readonly volumes?: boolean | undefined;
  /** `--yes`: nobody is asked. */
  readonly yes?: boolean | undefined;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
}

/** `mypaas remove SERVICE`: says what goes and what stays, asks, and removes exactly that. */
export async function remove(args: RemoveArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "remove");
  const info = await readInfo(service, args, io);
  const volumes = args.volumes === true ? info.volumes : [];
  for (const text of describe(info, volumes)) io.say({ kind: "note", text });
  if (args.yes !== true) await confirm(service, io);
  const action = { action: "remove", service, volumes } as const;
  return jobCommand({ ...args, action, isDone: (last) => last?.kind === "removed" }, io);
}

async function readInfo(service: string, args: RemoveArgs, io: CommandIo): Promise<RemoveInfo> {
  const connection = await connect(io, args.remote, args);
  try {
    return (await connection.ask({ action: "remove.list", service })).result as RemoveInfo;
  } finally {
    await connection.close();
  }
}

function describe(info: RemoveInfo, volumes: readonly string[]): readonly string[] {
  const { routes, containers, images, releases, env } = info;
  const count = (many: number, what: string) => `${many} ${what}${many === 1 ? "" : "s"}`;
  const kept = info.volumes.filter((name) => !volumes.includes(name));
  return [
    ...routes.map((route) => `goes: ${route}`),
    `goes: ${count(containers, "container")}, ${count(images, "image")}, ${count(releases, "release")}`,
    ...(env.length === 0 ? [] : [`goes: the values of ${env.join(", ")}`]),
    ...volumes.map((volume) => `goes: volume ${volume} with all that is in it`),
    ...kept.map((volume) => `stays: volume ${volume}`),
    ...info.folders.map((folder) => `stays: ${folder}`),
  ];
}

async function confirm(service: string, io: CommandIo): Promise<void> {
  const answer = await ask(`type ${service} to remove it: `, io);
  if (answer === service) return;
  const why = answer === undefined ? "nobody to ask" : "not confirmed";
  throw new UserError(`remove ${service}: ${why}`, {
    code: "not-confirmed",
    hint: `to remove it without being asked: mypaas remove ${service} --yes`,
  });
}
