/** Everything on an engine that `doctor` judges. */
export interface Inventory {
  readonly containers: readonly SeenContainer[];
  readonly images: readonly SeenImage[];
  readonly volumes: readonly SeenThing[];
  readonly networks: readonly SeenThing[];
}

export interface SeenThing {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SeenContainer extends SeenThing {
  readonly id: string;
  readonly state: string;
  /** How often Docker has started it again since it was created. */
  readonly restarts: number;
  /** Milliseconds since the epoch; 0 when it never ran. */
  readonly startedAt: number;
  readonly published: readonly PublishedPort[];
  /** Path on this host; empty for drivers that keep no file. */
  readonly logPath: string;
  /** True when its logs are cut off at some size. */
  readonly rotates: boolean;
}

export interface PublishedPort {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

export interface SeenImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What the state says there should be. */
export interface Known {
  readonly instance: string;
  readonly services: ReadonlySet<string>;
  /** Services that a job is busy with, whose things come and go. */
  readonly busy: ReadonlySet<string>;
  /** Releases whose containers may exist: live and stopped ones. */
  readonly serving: readonly Serving[];
  /** References of images that a release still has. */
  readonly images: ReadonlySet<string>;
  /** Names of the instance's networks. */
  readonly networks: ReadonlySet<string>;
}

export interface Serving {
  readonly service: string;
  readonly release: number;
  /** Containers that should run; 0 for a stopped one. */
  readonly replicas: number;
}
