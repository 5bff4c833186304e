import type { JobInfo } from "../actions/jobs.ts";
import type { PsReplica, PsService, PsSnapshot } from "../actions/watch.ts";
import { shown } from "../actions/fields.ts";
import { UserError } from "../errors.ts";
import { replicaId } from "./replica-id.ts";

/** A replica as the API lists it. */
export interface ApiContainer extends PsReplica {
  /** Such as `web.1`. */
  readonly container: string;
  readonly service: string;
}

/** All services at one moment. */
export interface ApiServices {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly services: readonly PsService[];
}

/** All replicas at one moment. */
export interface ApiContainers {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly containers: readonly ApiContainer[];
}

export const servicesOf = ({ at, services }: PsSnapshot): ApiServices => ({ at, services });

export const containersOf = ({ at, services }: PsSnapshot): ApiContainers => ({
  at,
  containers: services.flatMap(({ service, replicas }) =>
    replicas.map((one) => ({ container: replicaId(service, one), service, ...one })),
  ),
});

/** One service; throws UserError "no-service". */
export function serviceIn({ services }: PsSnapshot, name: string): PsService {
  const found = services.find(({ service }) => service === name);
  if (found !== undefined) return found;
  throw new UserError(`service ${name}: not known here`, {
    code: "no-service",
    hint: "see what there is: GET /services",
  });
}

/** One replica; throws UserError "no-container". */
export function containerIn(snapshot: PsSnapshot, id: string): ApiContainer {
  const found = containersOf(snapshot).containers.find(({ container }) => container === id);
  if (found !== undefined) return found;
  throw new UserError(`container ${shown(id, 60)}: not there`, {
    code: "no-container",
    hint: "see what there is: GET /containers",
  });
}

/** One job out of a list; throws UserError "no-job". */
export function jobIn(jobs: readonly JobInfo[], number: string): JobInfo {
  const found = jobs.find(({ job }) => job === Number(number));
  if (found !== undefined) return found;
  throw new UserError(`job ${shown(number, 20)}: not known here`, {
    code: "no-job",
    hint: "see what there is: GET /jobs",
  });
}
