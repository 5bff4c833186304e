import { Agent } from "node:http";
import { Agent as AgentTls } from "node:https";
import { performance } from "node:perf_hooks";
import { shoot, type Shot, type Target, type Way } from "./prober-shot.ts";
import { createTally, type ProberReport, type Tally } from "./prober-tally.ts";

export type { ProberReport } from "./prober-tally.ts";

/**
 * An open-loop load prober: requests leave at their time whether earlier ones are answered or not, so that a stall shows as waiting and not as a pause.
 * Every tenth request asks for a slow answer, one in fifty each for a stream of events and a WebSocket, both about a second long;
 * the rest rotate through keep-alive GET, GET on a connection of its own, and POST whose body must come back.
 * A stream or WebSocket counts as failed when it breaks before its end or anything in it is missing, changed or out of order.
 */
export interface ProberOptions extends Target {
  readonly perSecond?: number;
  /** The end of it all even when nobody calls `stop`. */
  readonly maxRequests?: number;
}

export interface Prober {
  readonly counts: () => ProberReport;
  /** Sends no more, waits for the answers that are due, closes every connection. */
  readonly stop: () => Promise<ProberReport>;
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1)$/;

/** Begins to send at once. */
export function startProber(options: ProberOptions): Prober {
  if (!loopback.test(options.address))
    throw new Error(`the prober talks to loopback only, not to ${options.address}`);
  const { perSecond = 200, maxRequests = 50_000 } = options;
  const tally = createTally(() => performance.now());
  const agent = new (options.https === true ? AgentTls : Agent)({ keepAlive: true });
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

function wayOf(serial: number, options: ProberOptions): Way {
  if (options.slowPath !== undefined && serial % 10 === 9) return "slow";
  if (options.streamPath !== undefined && serial % 50 === 14) return "stream";
  if (options.socketPath !== undefined && serial % 50 === 34) return "socket";
  const way = (["keep-alive", "fresh", "post"] as const)[serial % 3] ?? "fresh";
  return way === "post" && options.echoPath === undefined ? "fresh" : way;
}

async function probeOnce(options: ProberOptions, shot: Shot, tally: Tally): Promise<void> {
  const ticket = tally.sent(shot.way);
  try {
    tally.answered(ticket, await shoot(options, shot));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tally.failed(ticket, code ?? message);
  }
}
