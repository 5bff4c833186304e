import { Agent, request as requestHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent as AgentTls, request as requestHttps } from "node:https";
import { performance } from "node:perf_hooks";

/**
 * An open-loop load prober: requests leave at their time whether earlier ones are answered or not, so that a stall shows as waiting and not as a pause.
 * Every tenth request asks for a slow answer; the rest rotate through keep-alive GET, GET on a connection of its own, and POST whose body must come back.
 */
export interface ProberOptions {
  /** Where to dial; loopback only. */
  readonly address: string;
  readonly port: number;
  /** Sent as Host, and as the server's name over https. */
  readonly host: string;
  readonly path?: string;
  readonly https?: boolean;
  /** Over https: what to trust; anything when left out. */
  readonly ca?: string;
  readonly perSecond?: number;
  /** The end of it all even when nobody calls `stop`. */
  readonly maxRequests?: number;
  /** How long one answer may take. */
  readonly timeoutMs?: number;
  /** Path of the slow answers; none are asked for when left out. */
  readonly slowPath?: string;
  /** POST is left out where the service has no echo. */
  readonly echoPath?: string;
}

export interface ProberReport {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** What went wrong → how often. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Value of the release header → answers. */
  readonly byRelease: Readonly<Record<string, number>>;
  /** Answers of a release to requests that were sent after a newer one had answered. */
  readonly oldAfterNew: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Prober {
  readonly counts: () => ProberReport;
  /** Sends no more, waits for the answers that are due, closes every connection. */
  readonly stop: () => Promise<ProberReport>;
}

type Way = "keep-alive" | "fresh" | "post" | "slow";

const loopback = /^(127\.\d+\.\d+\.\d+|::1)$/;
const bodyBytes = 2048;

/** Begins to send at once. */
export function startProber(options: ProberOptions): Prober {
  if (!loopback.test(options.address))
    throw new Error(`the prober talks to loopback only, not to ${options.address}`);
  const { perSecond = 200, maxRequests = 50_000 } = options;
  const tally = createTally();
  const agent = new (options.https === true ? AgentTls : Agent)({
    keepAlive: true,
  });
  const pending = new Set<Promise<void>>();
  const begun = performance.now();
  let sent = 0;

  const send = (): void => {
    const due = Math.floor(((performance.now() - begun) / 1000) * perSecond);
    while (sent < Math.min(due, maxRequests)) {
      const done = probeOnce(options, { way: wayOf(sent, options), agent, serial: sent }, tally);
      sent += 1;
      pending.add(done);
      void done.finally(() => pending.delete(done));
    }
    if (sent >= maxRequests) clearInterval(timer);
  };
  const timer = setInterval(send, 5);

  return {
    counts: () => tally.report(),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      return tally.report();
    },
  };
}

function wayOf(serial: number, { slowPath, echoPath }: ProberOptions): Way {
  if (slowPath !== undefined && serial % 10 === 9) return "slow";
  const way = (["keep-alive", "fresh", "post"] as const)[serial % 3] ?? "fresh";
  return way === "post" && echoPath === undefined ? "fresh" : way;
}

interface Shot {
  readonly way: Way;
  readonly agent: Agent;
  readonly serial: number;
}

async function probeOnce(options: ProberOptions, shot: Shot, tally: Tally): Promise<void> {
  const ticket = tally.sent();
  try {
    tally.answered(ticket, await shoot(options, shot));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tally.failed(`${shot.way}: ${code ?? message}`);
  }
}

/** Resolves with the release that answered; anything but a whole, right answer rejects. */
function shoot(options: ProberOptions, { way, agent, serial }: Shot): Promise<string> {
  const { address, port, host, https = false, ca, timeoutMs = 30_000, path = "/" } = options;
  const body = way === "post" ? bodyOf(serial) : "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const about = {
    host: address,
    port,
    path: way === "slow" ? options.slowPath : way === "post" ? options.echoPath : path,
    method: way === "post" ? "POST" : "GET",
    headers: { host, ...(way === "post" ? { "content-length": body.length } : {}) },
    agent: way === "fresh" ? (false as const) : agent,
  };
  const onResponse = (response: IncomingMessage): void => {
    let text = "";
    response.setEncoding("latin1");
    response.on("data", (chunk: string) => (text += chunk));
    response.on("error", reject);
    response.on("end", () => {
      const release = String(response.headers["x-mypaas-release"] ?? "none");
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      else if (way === "post" && text !== body) reject(new Error("another body came back"));
      else resolve(release);
    });
  };
  const asked = https
    ? requestHttps(
        {
          ...about,
          servername: host,
          ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
        },
        onResponse,
      )
    : requestHttp(about, onResponse);
  const timer = setTimeout(
    () => asked.destroy(new Error(`no answer in ${timeoutMs} ms`)),
    timeoutMs,
  );
  asked.on("error", reject);
  asked.end(body);
  return promise.finally(() => clearTimeout(timer));
}

/** 2 kB that no other request carries. */
const bodyOf = (serial: number): string => `${serial}-`.repeat(bodyBytes).slice(0, bodyBytes);

interface Ticket {
  readonly at: number;
  /** Newest release that had answered when this was sent. */
  readonly newest: number;
}

interface Tally {
  readonly sent: () => Ticket;
  readonly answered: (ticket: Ticket, release: string) => void;
  readonly failed: (reason: string) => void;
  readonly report: () => ProberReport;
}

function createTally(): Tally {
  const reasons: Record<string, number> = {};
  const byRelease: Record<string, number> = {};
  const times: number[] = [];
  let sent = 0;
  let failed = 0;
  let newest = 0;
  let oldAfterNew = 0;
  return {
    sent: () => {
      sent += 1;
      return { at: performance.now(), newest };
    },
    answered: (ticket, release) => {
      times.push(performance.now() - ticket.at);
      byRelease[release] = (byRelease[release] ?? 0) + 1;
      const number = Number(release.split("/")[1] ?? 0);
      if (number < ticket.newest) oldAfterNew += 1;
      newest = Math.max(newest, number);
    },
    failed: (reason) => {
      failed += 1;
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    },
    report: () => {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (part: number): number =>
        Math.round(
          (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10,
        ) / 10;
      return {
        sent,
        answered: times.length,
        failed,
        reasons: { ...reasons },
        byRelease: { ...byRelease },
        oldAfterNew,
        p50: at(0.5),
        p99: at(0.99),
        longest: at(1),
      };
    },
  };
}
