import { command, hint, hintFields } from "../../../core/hints.ts";
import type { Say } from "../../../core/wire/events.ts";
import type { BuildSource, LoadSource } from "../../../sources/source.ts";
import { describeFrom } from "../../../core/push/from.ts";
import { placeValues } from "../../../core/release/values.ts";
import { readValues } from "../../../adapters/state/env.ts";
import { keepSecrets } from "../../../adapters/state/secrets.ts";
import { withBuildSecrets } from "../../deploy/build-secrets.ts";
import { keepScaleChange } from "../../../adapters/state/job-changes.ts";
import { scaleOverrides } from "../../../adapters/state/services.ts";
import { sentSource } from "../../../sources/image.ts";
import { readSpec } from "../../../sources/read-spec.ts";
import { decideScales, type DesiredRelease } from "../../deploy/desired-release.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import type { JobRun } from "../job-kind.ts";
import { releaseKind } from "./release-kind.ts";

/** A release out of files that were sent. */
export const push = releaseKind<ActionOf<"push">>({
  verb: "deploy",
  again: () => hint`push again: ${command("push")}`,
  // It holds everything that an older push does.
  supersedes: true,
  desired: desiredByPush,
});

/** What a push asks for, read out of its files. */
export async function desiredByPush(
  { state, store, job, say }: JobRun,
  action: Pick<ActionOf<"push">, "service" | "push">,
): Promise<DesiredRelease> {
  const { service, push } = action;
  const { options } = push;
  const text = options.from && describeFrom(options.from);
  if (text !== undefined) say({ kind: "note", text });
  const source = sentSource(action, store.open);
  const written = await readSpec(source.dockerfile, service, say, options.fillIn);
  const { spec, outdated } = decideScales(written, scaleOverrides(state, service));
  for (const process of outdated) keepScaleChange(state, job.id, undefined, process);
  const values = readValues(state, service);
  const { env, files } = placeValues(spec, values);
  const built = await withBuildSecrets(state, source, { spec, values });
  warnOfVariables(built, { spec, env }, say);
  const secretFiles = keepSecrets(state, service, files);
  return { spec, env, secretFiles, source: built, from: options.from };
}

/** Most tokens of a build are of no use to the containers, which show them to whoever may inspect one. */
function warnOfVariables(
  source: BuildSource | LoadSource,
  { spec, env }: Pick<DesiredRelease, "spec" | "env">,
  say: Say,
): void {
  const asked = "secrets" in source ? (source.secrets?.asked ?? []) : [];
  const isWanted = (name: string) => spec.env.some((variable) => variable.name === name);
  const names = asked.filter((name) => Object.hasOwn(env, name) && !isWanted(name));
  for (const name of names)
    say({
      kind: "warning",
      text: `${name} is a secret of the build and also an environment variable of the containers`,
      ...hintFields(
        hint`for builds alone: ${command(`env ${spec.service} set ${name}=… --secret`)}; for both, write: # mypaas.env = ${name}`,
      ),
    });
}
