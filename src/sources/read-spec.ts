import { hint, command } from "../core/hints.ts";
import { parseDockerfile } from "../core/dockerfile/parse.ts";
import { formatProblem, problemsError } from "../core/dockerfile/problems.ts";
import { UserError } from "../core/errors.ts";
import type { ServiceSpec } from "../core/release/spec.ts";
import type { Say } from "../core/wire/events.ts";
import type { Dockerfile } from "./source.ts";

/** Reads the service that a Dockerfile and its Procfile describe, which with `fillIn` needs not be named; throws UserError with everything that is wrong in it, or when it describes another service. */
export async function readSpec(
  { path, read, procfile }: Dockerfile,
  service: string,
  say: Say,
  fillIn = false,
): Promise<ServiceSpec> {
  const filled = fillIn ? service : undefined;
  const beside = procfile && { bytes: await procfile.read(), file: procfile.path };
  const { spec, problems, warnings } = parseDockerfile(await read(), path, filled, beside);
  for (const warning of warnings) {
    const { hint } = warning;
    say({ kind: "warning", text: formatProblem(warning), ...(hint !== undefined && { hint }) });
  }
  if (problems.length > 0) throw problemsError(problems);
  if (spec === undefined) throw new Error("a Dockerfile without problems and without a service");
  // The key was checked against the service in the signed request.
  if (spec.service === service) return spec;
  throw new UserError(
    `${path}: mypaas.servicename is "${spec.service}", the push is for "${service}"`,
    { code: "wrong-service", hint: hint`push again, with the file as it is: ${command("push")}` },
  );
}
