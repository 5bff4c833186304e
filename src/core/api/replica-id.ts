import { bad, shown } from "../actions/fields.ts";
import type { PsReplica } from "../actions/watch.ts";

/** The parts of a container that its id names. */
export interface ReplicaParts {
  readonly service: string;
  /** Left out for `web`. */
  readonly process?: string;
  readonly replica: number;
}

/** The id of a replica in the API: `blog.1`, or `blog:worker.1` for a process beside `web`. */
export const replicaId = (
  service: string,
  { process, replica }: Pick<PsReplica, "process" | "replica">,
): string => `${service}${process === undefined ? "" : `:${process}`}.${replica}`;

/** Reads such an id. */
export function partsOf(id: string): ReplicaParts {
  const [, service, process, replica] =
    /^([a-z0-9][a-z0-9.-]{0,49})(?::([a-z][a-z0-9-]{0,29}))?\.(\d{1,6})$/.exec(id) ?? [];
  if (service === undefined) throw bad(`container: should be as web.1, got ${shown(id, 60)}`);
  return { service, ...(process !== undefined && { process }), replica: Number(replica) };
}
