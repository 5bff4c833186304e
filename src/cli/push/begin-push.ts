import type { PushManifest, PushOptions } from "../../core/actions/push.ts";
import { UserError } from "../../core/errors.ts";
import { hintFields, hintOf } from "../../core/hints.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { CommandIo } from "../command.ts";
import type { Begun, Connection } from "../connect/connect.ts";
import { askPerson } from "../input/questions.ts";

type SentProject = NonNullable<PushOptions["project"]>;

interface Push {
  readonly service: string;
  readonly push: PushManifest;
  readonly project: SentProject;
}

/** What a push tells the server of the project that it comes from. */
export async function projectOf(
  { routes }: ServiceSpec,
  place: { readonly dockerfile: string; readonly context: string },
  { world }: CommandIo,
): Promise<SentProject> {
  const { readProject } = await import("../../adapters/laptop/project.ts");
  const project = await readProject({ ...place, env: world.env });
  return { ...project, routes: routes.map(({ host, path }) => `${host}${path}`) };
}

/** Sends the manifest. Where the service is of another project, a person at the terminal is asked; anybody else needs `--replace`. */
export async function beginPush(
  { begin }: Pick<Connection, "begin">,
  { service, push, project }: Push,
  io: CommandIo,
): Promise<Begun> {
  const { replace, ...plain } = push.options;
  const send = (options: PushOptions) =>
    begin({ action: "push", service, push: { ...push, options } });
  try {
    return await send({ ...push.options, project });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // A server that does not compare projects yet.
    if (isUnknownField(error)) return send(plain);
    if (error.code !== "other-project" || replace === true) throw error;
    if (!(await isWanted(service, error, io))) throw error;
    return send({ ...plain, project, replace: true });
  }
}

const isUnknownField = ({ code, message }: UserError): boolean =>
  code === "bad-request" && /push\.options\.(project|replace): not known here/.test(message);

async function isWanted(service: string, error: UserError, io: CommandIo): Promise<boolean> {
  if (io.world.stdin.isTTY !== true) return false;
  io.say({ kind: "warning", text: error.message, ...hintFields(hintOf(error)) });
  return (await askPerson(io.world, `type ${service} to replace it: `)) === service;
}
