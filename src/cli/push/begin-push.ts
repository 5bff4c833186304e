import type { PushFrom, PushManifest, PushOptions } from "../../core/actions/push.ts";
import { UserError } from "../../core/errors.ts";
import { hint, hintFields, hintOf } from "../../core/hints.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { updateServer } from "../../core/wire/versions.ts";
import type { CommandIo } from "../command.ts";
import type { Begun, Connection } from "../connect/connect.ts";
import { askPerson } from "../input/questions.ts";

type SentProject = NonNullable<PushOptions["project"]>;

interface Push {
  readonly service: string;
  readonly push: PushManifest;
  readonly project: SentProject;
  readonly from: PushFrom;
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
  { service, push, project, from }: Push,
  io: CommandIo,
): Promise<Begun> {
  const { replace, ...plain } = push.options;
  const send = async (options: PushOptions) => {
    const begun = await begin({ action: "push", service, push: { ...push, options } });
    // A server of 0.1.0 passes over what it does not know, and does not say its version.
    if (options.fillIn === true && begun.accepted.version === undefined) throw tooOldToFillIn();
    return begun;
  };
  try {
    return await send({ ...push.options, project, from });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // A server that does not compare projects yet.
    if (isUnknownField(error)) return send(plain);
    if (error.code !== "other-project" || replace === true) throw error;
    if (!(await isWanted(service, error, io))) throw error;
    return send({ ...plain, project, from, replace: true });
  }
}

const isUnknownField = ({ code, message }: UserError): boolean =>
  code === "bad-request" && /push\.options\.(project|replace|from): not known here/.test(message);

const tooOldToFillIn = (): UserError =>
  new UserError(
    "Dockerfile: mypaas on the server is too old for one that does not name its service",
    {
      code: "older-server",
      hint: hint`add a line: # mypaas.servicename = NAME; or ${updateServer()}`,
    },
  );

async function isWanted(service: string, error: UserError, io: CommandIo): Promise<boolean> {
  if (io.world.stdin.isTTY !== true) return false;
  io.say({ kind: "warning", text: error.message, ...hintFields(hintOf(error)) });
  return (await askPerson(io.world, `type ${service} to replace it: `)) === service;
}
