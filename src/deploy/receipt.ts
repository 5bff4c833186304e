import type { ReceiptEvent } from "../core/wire/events.ts";
import { sumOf, switchRouters, type Answers } from "../core/routing/metrics.ts";
import type { Story } from "./story.ts";

/** Who waits dials again every 200 to 600 ms. */
const quietMs = 700;
const betweenReadingsMs = 200;
/** Where the DNS server upstream is slow a few wait longer; the receipt does not wait for those. */
const longestMs = 3_000;

/** Counts what clients are answered on the routes of a service while it is switched. */
export interface Count {
  /** The story to go on with: what it asks through Traefik itself is no client's request. */
  readonly story: Story;
  /** Returns when those who waited have their answers, as far as can be seen. */
  readonly waitersAnswered: () => Promise<void>;
  /** Ends the count; `ms` is the time to the cut-over. */
  readonly receipt: (ms: number) => Promise<ReceiptEvent>;
  readonly giveUp: () => void;
}

/** Begins to count. */
export async function countAnswers(story: Story): Promise<Count> {
  const { router, clock, service, release } = story;
  const metering = story.isRouted ? await story.meter.begin() : undefined;
  const routers = switchRouters({ from: story.from, to: release }, story.server);
  let ownQuestions = 0;

  const held = async (): Promise<number | undefined> => {
    const answers = await metering?.read();
    return answers && sumOf(answers, routers.holds).requests;
  };

  return {
    story: {
      ...story,
      router: {
        ...router,
        whoAnswers: async (route) => {
          const who = await router.whoAnswers(route);
          if (who !== undefined) ownQuestions += 1;
          return who;
        },
      },
    },
    waitersAnswered: async () => {
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
      return { ...about, ...all, requests: Math.max(all.failed, all.requests - ownQuestions) };
    },
    giveUp: () => metering?.end(),
  };
}
