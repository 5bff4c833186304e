import type { ReceiptEvent } from "../core/wire/events.ts";
import { isFailure, sumOf, switchRouters, type Answers } from "../core/routing/metrics.ts";
import type { SwitchContext } from "./switch-context.ts";

/** A waiting request dials again every 200 to 600 ms. */
const quietMs = 700;
const betweenReadingsMs = 200;
/** Where the DNS server upstream is slow a few requests wait longer; the receipt does not wait for those. */
const longestMs = 3_000;

/** Counts the answers that clients get on the routes of a service while it is switched. */
export interface Count {
  /** The switch to go on with: its own questions through Traefik are not counted. */
  readonly context: SwitchContext;
  /** Returns when the requests that waited have their answers, as far as Traefik's counts show. */
  readonly waitingAnswered: () => Promise<void>;
  /** Ends the count; `ms` is the time to the cut-over. */
  readonly receipt: (ms: number) => Promise<ReceiptEvent>;
  readonly giveUp: () => void;
}

/** Begins to count. */
export async function countAnswers(context: SwitchContext): Promise<Count> {
  const { router, clock, service, release } = context;
  const metering = context.isRouted ? await context.meter.begin() : undefined;
  const routers = switchRouters({ from: context.from, to: release }, context.server);
  const own = { requests: 0, failed: 0 };

  const held = async (): Promise<number | undefined> => {
    const answers = await metering?.read();
    return answers && sumOf(answers, routers.holds).requests;
  };

  return {
    context: {
      ...context,
      router: {
        ...router,
        answeringRelease: async (route) => {
          const answering = await router.answeringRelease(route);
          own.requests += answering?.asked ?? 0;
          if (isFailure(answering?.status ?? 0)) own.failed += 1;
          return answering;
        },
      },
    },
    waitingAnswered: async () => {
      const begun = clock.now();
      let known = await held();
      for (let since = begun; known !== undefined;) {
        const now = clock.now();
        if (now - since >= quietMs || now - begun >= longestMs) return;
        await clock.sleep(betweenReadingsMs);
        const seen = await held();
        if (seen !== known) since = clock.now();
        known = seen;
      }
    },
    receipt: async (ms) => {
      const answers = metering === undefined ? new Map<string, Answers>() : await metering.read();
      metering?.end();
      const about = { kind: "receipt", service, release: release.number, ms } as const;
      if (answers === undefined) return about;
      const all = sumOf(answers, new Set([...routers.own, ...routers.holds]));
      // An app may answer its clients, and not this question.
      const failed = Math.max(0, all.failed - own.failed);
      return { ...about, failed, requests: Math.max(failed, all.requests - own.requests) };
    },
    giveUp: () => metering?.end(),
  };
}
