import { saysNotFirst } from "../../core/server/first-process.ts";
import { ReplicaFailureError } from "../failures/replica-failure.ts";
import { messages } from "../messages.ts";
import type { SwitchContext } from "../switch-context.ts";

const lines = 20;

/**
 * The same switch with the image's own program as process 1, where a replica has ended and its log says that it has to be that; what had
 * started is gone then. Throws the error of any other failure.
 */
export async function asProcessOne(context: SwitchContext, error: unknown): Promise<SwitchContext> {
  const { engine, service, release, say } = context;
  if (!release.spec.init || !(error instanceof ReplicaFailureError)) throw error;
  if (error.failure.kind !== "ended") throw error;
  const said = await engine.lastLogLines(error.replica.id, lines).catch(() => []);
  if (!saysNotFirst(said)) throw error;
  say(messages.asProcessOne(release));
  await engine.remove({ service, number: release.number });
  return { ...context, release: { ...release, spec: { ...release.spec, init: false } } };
}
