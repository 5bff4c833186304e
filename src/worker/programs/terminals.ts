import { UserError } from "../../core/errors.ts";
import { runPlan } from "../../core/release/container.ts";
import type { ExecResult, ProgramAsked, RunResult } from "../../core/wire/program.ts";
import type { Action } from "../../core/wire/protocol.ts";
import type { Programs } from "../../adapters/engines/docker/attach.ts";
import type { Program } from "../../adapters/engines/docker/program-streams.ts";
import {
  forgetProgram,
  openPrograms,
  rememberProgram,
} from "../../adapters/state/open-programs.ts";
import type { State } from "../../adapters/state/state.ts";
import { openLine, type AttachLine } from "../../adapters/wire/terminal-connection.ts";
import { errorAnswer } from "../../adapters/wire/errors.ts";
import type { OnLine } from "../../adapters/wire/upgrade.ts";
import { ensureVolumes } from "../../deploy/ensure-volumes.ts";
import type { Engine } from "../../deploy/ports.ts";
import { converse } from "./connect-program.ts";
import { releaseToRun, replicaToEnter } from "./program-target.ts";
import { command, hint } from "../../core/hints.ts";

export type ProgramAction = Extract<Action, { readonly action: "run" | "exec" }>;

/** Programs that somebody began by hand, from the accepted request to their end. */
export interface Attachments {
  /** What was asked for is there; it begins when somebody is attached, or now where nobody will be. */
  readonly accept: (request: string, action: ProgramAction) => Promise<RunResult | ExecResult>;
  /** Takes an accepted request, once; `guard` throws as soon as its key may not ask for it any more. */
  readonly attach: (request: string, guard: () => void) => OnLine;
  /** Clears away what an earlier worker left, and detached ones that ended long ago. */
  readonly sweep: () => Promise<void>;
  /** Ends all that somebody is attached to. */
  readonly stop: () => Promise<void>;
}

export interface AttachmentParts {
  readonly state: State;
  readonly now: () => number;
  readonly programs: () => Promise<Programs>;
  readonly engine: () => Promise<Engine>;
  /** Between two looks at the key of a line. */
  readonly guardMs?: number;
}

/** How long an accepted request waits for its line. */
const waitMs = 60_000;
const maxWaiting = 64;
/** What ended without anybody there can be read for a day. */
const keptMs = 24 * 60 * 60_000;
const usualGuardMs = 1_000;

type Begin = () => Promise<{ readonly id: string; readonly program: Program }>;

/** Opens the one place where such programs begin. */
export function createAttachments(parts: AttachmentParts): Attachments {
  const { state, now } = parts;
  const waiting = new Map<string, { readonly begin: Begin; readonly until: number }>();
  const running = new Set<string>();
  const open = new Set<Promise<void>>();
  const stopping = new AbortController();

  const wait = (request: string, begin: Begin) => {
    for (const [id, { until }] of waiting) if (until <= now()) waiting.delete(id);
    if (waiting.size >= maxWaiting)
      throw new UserError("server: too many programs wait for their line", { code: "busy" });
    waiting.set(request, { begin, until: now() + waitMs });
  };

  const begun = (kind: "run" | "exec", id: string) => {
    running.add(id);
    rememberProgram(state, { kind, id });
  };
  const over = (id: string) => {
    running.delete(id);
    forgetProgram(state, id);
  };

  const acceptRun = async (request: string, action: RunAction): Promise<RunResult> => {
    const { release, imageId } = releaseToRun(state, action);
    const engine = await parts.engine();
    if ((await engine.inspectImage(release.image))?.id !== imageId)
      throw noImage(action.service, release.number);
    const isDetached = action.detach === true;
    const tag = request.slice(0, 8);
    const plan = runPlan(release, { tag, command: action.command, isDetached });
    const start = async <T>(work: (programs: Programs) => Promise<T>): Promise<T> => {
      await ensureVolumes(engine, release);
      begun("run", plan.name);
      try {
        return await work(await parts.programs());
      } catch (error) {
        over(plan.name);
        throw error;
      }
    };
    if (isDetached) {
      await start((programs) => programs.detach(plan));
      // What is left of it from now on is looked after by `sweep`.
      running.delete(plan.name);
    } else
      wait(request, () =>
        start(async (programs) => ({
          id: plan.name,
          program: await programs.run(plan, action.terminal),
        })),
      );
    return { service: action.service, release: release.number, name: plan.name };
  };

  const acceptExec = async (request: string, action: ExecAction): Promise<ExecResult> => {
    const containers = await (await parts.engine()).listContainers(action.service);
    const replica = replicaToEnter(state, action, containers);
    wait(request, () => enter(replica.id, action));
    const { service, release, name } = replica;
    return { service, release, name, replica: replica.replica };
  };

  const enter = async (container: string, asked: ProgramAsked) => {
    let id = "";
    const onId = (given: string) => {
      id = given;
      begun("exec", id);
    };
    try {
      const program = await (await parts.programs()).enter(container, asked, onId);
      return { id, program };
    } catch (error) {
      if (id !== "") over(id);
      throw error;
    }
  };

  const onLine = async (line: AttachLine, begin: Begin, guard: () => void): Promise<void> => {
    const refused = new AbortController();
    const timer = setInterval(() => {
      try {
        guard();
      } catch (error) {
        refused.abort(error);
      }
    }, parts.guardMs ?? usualGuardMs);
    const signal = AbortSignal.any([refused.signal, stopping.signal]);
    try {
      const { id, program } = await begin();
      let isSaid = false;
      try {
        isSaid = await converse(line, program, signal);
      } finally {
        if (!isSaid) await program.abandon();
        over(id);
      }
    } catch (error) {
      await line.send({ kind: "error", error: errorAnswer(error) });
      if (!(error instanceof UserError)) throw error;
    } finally {
      clearInterval(timer);
      await line.end();
    }
  };

  return {
    accept: (request, action) =>
      action.action === "run" ? acceptRun(request, action) : acceptExec(request, action),

    attach: (request, guard) => {
      const found = waiting.get(request);
      waiting.delete(request);
      if (found === undefined || found.until <= now())
        throw new UserError("request: waits for no line, or not any more", {
          code: "not-found",
          hint: "run the same command again",
        });
      if (stopping.signal.aborted) throw stopped();
      return async (socket, head) => {
        const line = openLine(socket, { head, place: "client", isServer: true });
        const done = onLine(line, found.begin, guard);
        const settled = done.catch(() => undefined);
        open.add(settled);
        await done.finally(() => open.delete(settled));
      };
    },

    sweep: async () => {
      const left = openPrograms(state).filter(({ id }) => !running.has(id));
      if (left.length === 0) return;
      const programs = await parts.programs();
      await Promise.all(
        left.map(async ({ kind, id }) => {
          if (kind === "run") return;
          await programs.leave(id);
          over(id);
        }),
      );
      const containers = await programs.list();
      const names = left.filter(({ kind }) => kind === "run").map(({ id }) => id);
      await Promise.all(
        names.map(async (name) => {
          const one = containers.find((container) => container.name === name);
          const isKept = one?.isDetached === true && (one.endedAt ?? now()) > now() - keptMs;
          if (isKept) return;
          if (one !== undefined) await programs.remove(name);
          over(name);
        }),
      );
    },

    stop: async () => {
      stopping.abort(stopped());
      await Promise.all(open);
    },
  };
}

type RunAction = Extract<ProgramAction, { readonly action: "run" }>;
type ExecAction = Extract<ProgramAction, { readonly action: "exec" }>;

const noImage = (service: string, release: number): UserError =>
  new UserError(`run ${service}: the image of release ${release} was removed`, {
    code: "no-image",
    hint: hint`see which are kept: ${command(`releases ${service}`)}`,
  });

const stopped = (): UserError =>
  new UserError("server: its worker was stopped, and what you were attached to with it", {
    code: "worker-away",
    hint: "run the same command again",
  });
