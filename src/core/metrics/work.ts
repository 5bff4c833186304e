/** What a container has used since it started. */
export interface Load {
  /** Of its container. */
  readonly id: string;
  readonly service: string;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** What the replicas of a service used between two readings. */
export interface Work {
  /** Seconds of one core. */
  readonly cpu: number;
  /** Bytes, now. */
  readonly memory: number;
  /** How many there are. */
  readonly replicas: number;
}

/** Turns what containers have used since they started into what each service used between two readings. */
export class WorkCounter {
  #last: ReadonlyMap<string, number> | undefined;

  /** A container that is new counts from its start, and the first reading is where the count begins. */
  take(loads: readonly Load[]): ReadonlyMap<string, Work> {
    const before = this.#last;
    this.#last = new Map(loads.map(({ id, cpuMs }) => [id, cpuMs]));
    const works = new Map<string, Work>();
    for (const { id, service, cpuMs, memoryBytes } of loads) {
      const last = before === undefined ? cpuMs : (before.get(id) ?? 0);
      // A container that was started again counts from 0.
      const used = cpuMs < last ? cpuMs : cpuMs - last;
      const known = works.get(service);
      works.set(service, {
        cpu: (known?.cpu ?? 0) + used / 1000,
        memory: (known?.memory ?? 0) + memoryBytes,
        replicas: (known?.replicas ?? 0) + 1,
      });
    }
    return works;
  }
}
