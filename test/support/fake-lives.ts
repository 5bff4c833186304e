import type { Release } from "../../src/core/release/release.ts";
import type { Event } from "../../src/core/wire/events.ts";
import { createNameHandovers } from "../../src/deploy/name-handover.ts";
import { deploy } from "../../src/deploy/deploy.ts";
import { progressOf, routingLeft, type JournalEntry } from "../../src/deploy/progress.ts";
import { recover } from "../../src/deploy/recover.ts";
import { openSwitch, type DeployPorts } from "../../src/deploy/switch-context.ts";
import type { Clock } from "../../src/deploy/ports.ts";
import { fakeClock } from "./fake-clock.ts";
import { fakeEngine, type Behaviour } from "./fake-engine.ts";
import { fakeRouter, type FakeRouter } from "./fake-router.ts";

/** One server on which a worker can end at any moment, and another goes on with what is in the journal. */
export function fakeLives(behaviours: Readonly<Record<number, Behaviour>> = {}) {
  const clock = coarse(fakeClock());
  const done: string[] = [];
  const events: Event[] = [];
  const unserved: string[] = [];
  let notes: JournalEntry[] = [];
  let router: FakeRouter | undefined;
  let left = Infinity;
  let fatal: string | undefined;
  let onDeath: () => void = () => undefined;

  const did = (what: string): void => {
    done.push(what);
    const target = router?.target();
    if (target !== undefined && target !== "wait" && !engine.isReady(target.number))
      unserved.push(`after "${what}" requests go to release ${target.number}, which is not ready`);
    left -= 1;
    if (left === 0 || what === fatal) onDeath();
  };
  const engine = fakeEngine({ clock, behaviours, did });

  /** Nothing that a dead worker still calls does anything. */
  const mortal = <T extends object>(ports: T, isDead: () => boolean): T =>
    new Proxy(ports, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        return async (...args: readonly unknown[]) => {
          if (isDead()) return forever;
          const result: unknown = await Reflect.apply(value, target, args);
          return isDead() ? forever : result;
        };
      },
    });

  /** Lets one worker do its work until it ends, or until after so many changes. */
  const live = async (
    started: FakeRouter,
    changes: number,
    work: (ports: DeployPorts) => Promise<unknown>,
  ): Promise<"ended" | "died"> => {
    router = started;
    left = changes;
    let isOver = false;
    const died = new Promise<"died">((resolve) => {
      onDeath = () => {
        isOver = true;
        resolve("died");
      };
    });
    const isDead = (): boolean => isOver;
    const note = (step: string, phase: JournalEntry["phase"], ok: boolean): void => {
      if (isOver) return;
      notes.push({ step, phase, ok });
      did(`${phase} ${step}`);
    };
    const nameHandovers = createNameHandovers();
    const all = async (): Promise<"ended"> => {
      await work({
        engine: mortal(engine.engineOver(mortal(engine.containers, isDead)), isDead),
        router: mortal(started.router, isDead),
        meter: { begin: async () => ({ read: async () => undefined, end: () => undefined }) },
        clock: {
          now: clock.now,
          sleep: (ms, signal) => (isOver ? forever : clock.sleep(ms, signal)),
        },
        journal: {
          intent: (step) => note(step, "intent", false),
          outcome: (step, data) => note(step, "outcome", (data as { ok: boolean }).ok),
        },
        say: (event) => void (isOver || events.push(event)),
        nameHandovers,
      });
      await nameHandovers.settled("web");
      return "ended";
    };
    return Promise.race([all(), died]);
  };

  const inputOf = (release: Release, from: Release | undefined) => ({
    release,
    from,
    signal: new AbortController().signal,
    server: { instance: release.instance, httpPort: 80, httpsPort: 443 },
  });

  return {
    done,
    events,
    unserved,
    clock,
    containers: engine.states,
    target: () => router?.target(),
    lose: engine.lose,
    /** A deploy whose worker dies after so many changes and entries in the journal, or after one of them. */
    deploy: async (
      release: Release,
      from: Release | undefined,
      changes = Infinity,
      after?: string,
    ) => {
      notes = [];
      fatal = after;
      const end = await live(fakeRouter({ live: from, did }), changes, (ports) =>
        deploy(inputOf(release, from), ports),
      );
      fatal = undefined;
      return end;
    },
    progress: () => progressOf(notes),
    /** What the next worker does about it. */
    recover: (release: Release, from: Release | undefined, changes = Infinity) => {
      const progress = progressOf(notes);
      const input = inputOf(release, from);
      return live(restarted(input, progress, did), changes, (ports) =>
        recover(openSwitch(input, ports), { progress, begun: 0, cutAt: undefined }),
      );
    },
  };
}

/** A router that begins with what a worker that starts would write into the file. */
function restarted(
  { release, from }: { readonly release: Release; readonly from: Release | undefined },
  progress: ReturnType<typeof progressOf>,
  did: (what: string) => void,
): FakeRouter {
  const oldFirst = from !== undefined && release.spec.scale.kind === "replace";
  const context = { service: release.spec.service, release, from, oldFirst };
  const last = routingLeft(context, progress).at(-1);
  const held = last?.kind === "hold" && last.mode === "wait" ? "wait" : from;
  const live = last?.kind === "cut-over" ? release : held;
  return fakeRouter({ live, to: release, did });
}

/** Looks at what it waits for less often: a look is no change, after which the worker might end. */
const coarse = ({ now, sleep }: Clock): Clock => ({
  now,
  sleep: (ms, signal) => sleep(Math.max(ms, 400), signal),
});

const forever = new Promise<never>(() => undefined);
