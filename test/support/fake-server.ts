import type { Event } from "../../src/core/wire/events.ts";
import type { Release } from "../../src/core/release/release.ts";
import type { Answers } from "../../src/core/routing/metrics.ts";
import type { RoutingChange } from "../../src/core/routing/routing-change.ts";
import type { Expected } from "../../src/core/routing/traefik-snapshot.ts";
import { createNameHandovers } from "../../src/deploy/name-handover.ts";
import { deploy } from "../../src/deploy/deploy.ts";
import { fakeClock } from "./fake-clock.ts";
import type { Behaviour } from "./fake-engine.ts";
import { fakeEngine } from "./fake-engine.ts";
import type { Refusal } from "./fake-router.ts";
import { fakeRouter } from "./fake-router.ts";

/** A server in memory on which releases follow one another; after every change it checks that something serves or requests wait. */
export function fakeServer(
  behaviours: Readonly<Record<number, Behaviour>> = {},
  imageLabels: readonly string[] = [],
) {
  const clock = fakeClock();
  const done: string[] = [];
  const events: Event[] = [];
  const journal: string[] = [];
  const notedAt = new Map<string, number>();
  const unserved: string[] = [];
  let refuses: (change: RoutingChange) => Refusal = () => false;
  let unwritable: string | undefined;
  let answers: () => ReadonlyMap<string, Answers> | undefined = () => undefined;
  const note = (line: string): void => {
    if (line === unwritable) throw new Error("disk full");
    journal.push(line);
    notedAt.set(line, clock.now());
  };
  let onConfirm: (expected: Expected) => void = () => {};
  let onDid: (what: string) => void = () => {};
  const did = (what: string): void => {
    done.push(what);
    const target = router.target();
    if (target !== undefined && target !== "wait" && !engine.isReady(target.number))
      unserved.push(`after "${what}" requests go to release ${target.number}, which is not ready`);
    onDid(what);
  };
  const engine = fakeEngine({ clock, behaviours, did, imageLabels });
  let status = 200;
  const router = fakeRouter({
    live: undefined,
    did,
    refuses: (change) => refuses(change),
    status: () => status,
    confirming: (expected) => onConfirm(expected),
  });
  const nameHandovers = createNameHandovers();
  const server = {
    done,
    events,
    journal,
    /** When each line of the journal was written last. */
    notedAt,
    unserved,
    clock,
    containers: engine.states,
    /** Forgets what was done so far. */
    forget: () => {
      for (const list of [done, events, journal]) list.length = 0;
    },
    refuse: (which: typeof refuses) => {
      refuses = which;
    },
    /** Every route answers so. */
    answerWith: (wanted: number) => {
      status = wanted;
    },
    /** That line of the journal cannot be written. */
    refuseToNote: (line: string) => {
      unwritable = line;
    },
    /** What Traefik says that it has counted, by router; until then it does not answer. */
    count: (counted: typeof answers) => {
      answers = counted;
    },
    /** The container survives its removal. */
    keep: engine.keep,
    /** Somebody else removes the container. */
    lose: engine.lose,
    on: (listener: (what: string) => void) => {
      onDid = listener;
    },
    /** Hears what of Traefik is waited for. */
    onConfirm: (listener: (expected: Expected) => void) => {
      onConfirm = listener;
    },
    nameHandovers,
    /** Everything, up to what no job waits for. */
    deploy: async (release: Release, from?: Release, signal = new AbortController().signal) => {
      try {
        return await server.deployOnly(release, from, signal);
      } finally {
        await nameHandovers.settled(release.spec.service);
      }
    },
    deployOnly: (release: Release, from?: Release, signal = new AbortController().signal) =>
      deploy(
        {
          release,
          from,
          signal,
          server: { instance: release.instance, httpPort: 80, httpsPort: 443 },
        },
        {
          engine: engine.engine,
          router: router.router,
          meter: { begin: async () => ({ read: async () => answers(), end: () => undefined }) },
          clock,
          journal: {
            intent: (step) => note(`> ${step}`),
            outcome: (step, data) => note(`${(data as { ok: boolean }).ok ? "<" : "x"} ${step}`),
          },
          say: (event) => events.push(event),
          nameHandovers,
        },
      ),
  };
  return server;
}
