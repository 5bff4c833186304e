import { hint, command } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { programName } from "../../core/release/names.ts";
import type { ExecResult, ProgramAsked, RunResult } from "../../core/actions/programs.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { Programs } from "../../adapters/engines/docker/attach.ts";
import type { Program } from "../../adapters/engines/docker/program-streams.ts";
import type { State } from "../../adapters/state/state.ts";
import {
  openTerminalConnection,
  type TerminalConnection,
} from "../../adapters/wire/terminal-connection.ts";
import { errorAnswer } from "../../adapters/wire/errors.ts";
import type { OnConnection } from "../../adapters/wire/upgrade.ts";
import { ensureVolumes } from "../../deploy/steps/start-replicas.ts";
import type { Engine } from "../../deploy/ports.ts";
import { connectProgram } from "./connect-program.ts";
import { programToRun, releaseToRun, replicaToEnter } from "./program-target.ts";
import { StartedPrograms } from "./started-programs.ts";

type RunAction = ActionOf<"run">;
type ExecAction = ActionOf<"exec">;

interface TerminalParts {
  readonly state: State;
  readonly now: () => number;
  readonly programs: () => Promise<Programs>;
  readonly engine: () => Promise<Engine>;
  /** Milliseconds between two checks of the key of an open connection. */
  readonly guardMs?: number;
}

type Start = () => Promise<{ readonly id: string; readonly program: Program }>;

/** An accepted request waits this long for its connection. */
const waitMs = 60_000;
const maxWaiting = 64;
const usualGuardMs = 1_000;

/** Programs of `mypaas run` and `mypaas exec`, from the accepted request to the end of the program. */
export class Terminals {
  readonly #parts: TerminalParts;
  readonly #started: StartedPrograms;
  readonly #waiting = new Map<string, { readonly start: Start; readonly until: number }>();
  readonly #open = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: TerminalParts) {
    this.#parts = parts;
    this.#started = new StartedPrograms(parts.state);
  }

  /** Checks the request and its target. A detached program starts now, any other when its connection opens. */
  accept(request: string, action: RunAction | ExecAction): Promise<RunResult | ExecResult> {
    return action.action === "run"
      ? this.#acceptRun(request, action)
      : this.#acceptExec(request, action);
  }

  /** Takes the connection of an accepted request, once. `guard` throws when the key loses its right. */
  open(request: string, guard: () => void): OnConnection {
    const found = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (found === undefined || found.until <= this.#parts.now())
      throw new UserError("request: no program waits for a connection", {
        code: "not-found",
        hint: "run the same command again",
      });
    if (this.#stopping.signal.aborted) throw stopped();
    return async (socket, head) => {
      const connection = openTerminalConnection(socket, { head, place: "client", isServer: true });
      const done = this.#serve(connection, found.start, guard);
      const ended = done.catch(() => undefined);
      this.#open.add(ended);
      await done.finally(() => this.#open.delete(ended));
    };
  }

  /** Removes the programs of an earlier worker, and detached containers that ended a day ago. */
  sweep(): Promise<void> {
    return this.#started.sweep(this.#parts.programs, this.#parts.now);
  }

  /** Ends every program that has a connection. */
  async stop(): Promise<void> {
    this.#stopping.abort(stopped());
    await Promise.all(this.#open);
  }

  async #acceptRun(request: string, action: RunAction): Promise<RunResult> {
    const { service } = action;
    const { release, imageId } = releaseToRun(this.#parts.state, action);
    const engine = await this.#parts.engine();
    if ((await engine.inspectImage(release.image))?.id !== imageId)
      throw new UserError(`run ${service}: the image of release ${release.number} was removed`, {
        code: "no-image",
        hint: hint`list its releases: ${command(`releases ${service}`)}`,
      });
    const isDetached = action.detach === true;
    const name = programName(release.instance, release.spec.slug, request.slice(0, 8));
    const own = { release, name, ...programToRun(release.spec, action) };
    const start = async <T>(work: (programs: Programs) => Promise<T>): Promise<T> => {
      await ensureVolumes(engine, release);
      this.#started.started("run", name);
      try {
        return await work(await this.#parts.programs());
      } catch (error) {
        this.#started.ended(name);
        throw error;
      }
    };
    if (isDetached) {
      await start((programs) => programs.detach(own));
      this.#started.detached(name);
    } else
      this.#wait(request, async () => ({
        id: name,
        program: await start((programs) => programs.run(own, action.terminal)),
      }));
    return { service, release: release.number, name };
  }

  async #acceptExec(request: string, action: ExecAction): Promise<ExecResult> {
    const containers = await (await this.#parts.engine()).replicas(action.service);
    const replica = replicaToEnter(this.#parts.state, action, containers);
    this.#wait(request, () => this.#startExec(replica.id, action));
    const { service, release, name } = replica;
    return { service, release, name, replica: replica.replica };
  }

  async #startExec(container: string, asked: ProgramAsked) {
    let id = "";
    const onId = (given: string) => {
      id = given;
      this.#started.started("exec", id);
    };
    try {
      const program = await (await this.#parts.programs()).enter(container, asked, onId);
      return { id, program };
    } catch (error) {
      if (id !== "") this.#started.ended(id);
      throw error;
    }
  }

  #wait(request: string, start: Start): void {
    const now = this.#parts.now();
    for (const [id, { until }] of this.#waiting) if (until <= now) this.#waiting.delete(id);
    if (this.#waiting.size >= maxWaiting)
      throw new UserError("server: too many programs wait for their connection", { code: "busy" });
    this.#waiting.set(request, { start, until: now + waitMs });
  }

  async #serve(connection: TerminalConnection, start: Start, guard: () => void): Promise<void> {
    const refused = new AbortController();
    const timer = setInterval(() => {
      try {
        guard();
      } catch (error) {
        refused.abort(error);
      }
    }, this.#parts.guardMs ?? usualGuardMs);
    const signal = AbortSignal.any([refused.signal, this.#stopping.signal]);
    try {
      const { id, program } = await start();
      let hasEnded = false;
      try {
        hasEnded = await connectProgram(connection, program, signal);
      } finally {
        if (!hasEnded) await program.abandon();
        this.#started.ended(id);
      }
    } catch (error) {
      await connection.send({ kind: "error", error: errorAnswer(error) });
      if (!(error instanceof UserError)) throw error;
    } finally {
      clearInterval(timer);
      await connection.end();
    }
  }
}

const stopped = (): UserError =>
  new UserError("server: the worker was stopped, and the attached program with it", {
    code: "worker-away",
    hint: "run the same command again",
  });
