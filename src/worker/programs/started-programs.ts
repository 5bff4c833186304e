import type { OneOff, Programs } from "../../adapters/engines/docker/attach.ts";
import {
  forgetProgram,
  openPrograms,
  rememberProgram,
} from "../../adapters/state/open-programs.ts";
import type { State } from "../../adapters/state/state.ts";

/** A detached container that ended stays for a day, so that its output can be read. */
const keptMs = 24 * 60 * 60_000;

/** The programs of `run` and `exec` that have not ended; the state keeps them too, for the worker after a crash. */
export class StartedPrograms {
  readonly #state: State;
  readonly #running = new Set<string>();

  constructor(state: State) {
    this.#state = state;
  }

  started(kind: "run" | "exec", id: string): void {
    this.#running.add(id);
    rememberProgram(this.#state, { kind, id });
  }

  /** A detached container has no connection: `sweep` removes it later. */
  detached(id: string): void {
    this.#running.delete(id);
  }

  ended(id: string): void {
    this.#running.delete(id);
    forgetProgram(this.#state, id);
  }

  /** Removes the programs of an earlier worker, and detached containers that ended a day ago. */
  async sweep(open: () => Promise<Programs>, now: () => number): Promise<void> {
    const old = openPrograms(this.#state).filter(({ id }) => !this.#running.has(id));
    if (old.length === 0) return;
    const programs = await open();
    const sweepAll = (wanted: "exec" | "run", sweep: (id: string) => Promise<void>) =>
      Promise.all(old.filter(({ kind }) => kind === wanted).map(({ id }) => sweep(id)));
    await sweepAll("exec", async (id) => {
      await programs.leave(id);
      this.ended(id);
    });
    const containers = await programs.list();
    await sweepAll("run", async (name) => {
      const container = containers.find((one) => one.name === name);
      if (container !== undefined && isKept(container, now())) return;
      if (container !== undefined) await programs.remove(name);
      this.ended(name);
    });
  }
}

const isKept = ({ isDetached, endedAt }: OneOff, now: number): boolean =>
  isDetached && (endedAt ?? now) > now - keptMs;
