/** Milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface TallyReport extends Times {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** What went wrong → how often. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Value of the release header → answers. */
  readonly byRelease: Readonly<Record<string, number>>;
  /** Answers of a release to requests that were sent after a newer one had answered. */
  readonly oldAfterNew: number;
  /** Of the answers that an app gives at once: GET and POST. */
  readonly quick: Times;
  /** Of the quick ones those that took longer than half a second: they waited for a release. */
  readonly waited: Times & { readonly count: number };
  /** Way of asking → what came of it. */
  readonly byWay: Readonly<Record<string, WayReport>>;
}

export interface WayReport extends Times {
  readonly answered: number;
  readonly failed: number;
}

export interface Ticket {
  readonly way: string;
  readonly at: number;
  /** Newest release that had answered when this was sent. */
  readonly newest: number;
}

export interface Tally {
  readonly sent: (way: string) => Ticket;
  readonly answered: (ticket: Ticket, release: string) => void;
  readonly failed: (ticket: Ticket, reason: string) => void;
  readonly report: () => TallyReport;
}

const quickWays: ReadonlySet<string> = new Set(["keep-alive", "fresh", "post"]);
const waitedMs = 500;

/** Counts what a load sent and what came back. */
export function createTally(now: () => number): Tally {
  const reasons: Record<string, number> = {};
  const byRelease: Record<string, number> = {};
  const ways = new Map<string, { readonly times: number[]; failed: number }>();
  let sent = 0;
  let newest = 0;
  let oldAfterNew = 0;
  const of = (way: string) => {
    const known = ways.get(way) ?? { times: [], failed: 0 };
    ways.set(way, known);
    return known;
  };
  return {
    sent: (way) => {
      sent += 1;
      return { way, at: now(), newest };
    },
    answered: (ticket, release) => {
      of(ticket.way).times.push(now() - ticket.at);
      byRelease[release] = (byRelease[release] ?? 0) + 1;
      const number = Number(release.split("/")[1] ?? 0);
      if (number < ticket.newest) oldAfterNew += 1;
      newest = Math.max(newest, number);
    },
    failed: ({ way }, what) => {
      of(way).failed += 1;
      const reason = `${way}: ${what}`;
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    },
    report: () => {
      const all = [...ways.values()].flatMap(({ times }) => times);
      const quick = [...ways].flatMap(([way, { times }]) => (quickWays.has(way) ? times : []));
      const waited = quick.filter((ms) => ms > waitedMs);
      const wayReports = [...ways].map(
        ([way, { times, failed }]) =>
          [way, { answered: times.length, failed, ...summary(times) }] as const,
      );
      return {
        sent,
        answered: all.length,
        failed: [...ways.values()].reduce((sum, { failed }) => sum + failed, 0),
        reasons: { ...reasons },
        byRelease: { ...byRelease },
        oldAfterNew,
        ...summary(all),
        quick: summary(quick),
        waited: { count: waited.length, ...summary(waited) },
        byWay: Object.fromEntries(wayReports),
      };
    },
  };
}

function summary(times: readonly number[]): Times {
  const sorted = Float64Array.from(times).sort();
  const at = (part: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) /
    10;
  return { p50: at(0.5), p99: at(0.99), longest: at(1) };
}
