import type { ServiceSpec } from "../release/spec.ts";

/** All things on an engine that `doctor` judges. */
export interface Inventory {
  readonly containers: readonly SeenContainer[];
  readonly images: readonly (Pick<SeenThing, "labels"> & { readonly tags: readonly string[] })[];
  readonly volumes: readonly SeenThing[];
  readonly networks: readonly SeenThing[];
}

export interface SeenThing {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SeenContainer extends SeenThing {
  readonly state: string;
  /** Restarts by Docker since the container was created. */
  readonly restarts: number;
  /** Milliseconds since the epoch; 0 when it never ran. */
  readonly startedAt: number;
  readonly published: readonly PublishedPort[];
  /** Path on this server; empty for log drivers without a file. */
  readonly logPath: string;
  /** Volumes that the engine made by itself for a replica of an earlier mypaas. */
  readonly anonymous: readonly { readonly target: string; readonly name: string }[];
  /** True when the log has a maximum size. */
  readonly rotates: boolean;
}

export interface PublishedPort {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

/** The things that should exist according to the state. */
export interface Known {
  readonly instance: string;
  readonly services: ReadonlySet<string>;
  /** Services with a running job, whose containers and images come and go. */
  readonly busy: ReadonlySet<string>;
  /** Live and stopped releases; only these may have containers. */
  readonly serving: readonly Serving[];
  /** Image references of releases. */
  readonly images: ReadonlySet<string>;
  /** Names of the instance's networks. */
  readonly networks: ReadonlySet<string>;
}

export interface Serving {
  readonly service: string;
  readonly release: number;
  /** Number of containers that should run; 0 when stopped. */
  readonly replicas: number;
  /** Paths and volumes of data that its Dockerfile does not name. */
  readonly carried: readonly { readonly target: string; readonly name: string }[];
  readonly volumes: ServiceSpec["volumes"];
}
