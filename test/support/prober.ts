import { Agent } from "node:http";
import { Agent as AgentTls } from "node:https";
import { performance } from "node:perf_hooks";
import { shoot, type Shot, type Target, type Way } from "./prober-shot.ts";
import { createTally, type Tally, type TallyReport } from "./prober-tally.ts";

export interface ProberReport extends TallyReport {
  /** Requests that should have left while this process had no processor. */
  readonly leftOut: number;
}

/**
 * An open-loop load prober: requests leave at their time whether earlier ones are answered or not, so that a stall shows as waiting and not as a pause.
 * Requests whose time has passed because this process had no processor are left out and counted: sent later at once they would be thousands of open connections, which neither this process nor Docker's proxy for loopback survives.
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

/** Requests that are later than this are left out. */
const lateMs = 100;
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
  const most = Math.ceil((perSecond * lateMs) / 1000);
  let sent = 0;
  let leftOut = 0;

  const send = (): void => {
    const due = Math.floor(((performance.now() - begun) / 1000) * perSecond);
    leftOut = Math.max(leftOut, due - sent - most);
    while (sent < Math.min(due - leftOut, maxRequests)) {
      const done = probeOnce(options, { way: wayOf(sent, options), agent, serial: sent }, tally);
      sent += 1;
      pending.add(done);
      void done.finally(() => pending.delete(done));
    }
    if (sent >= maxRequests) clearInterval(timer);
  };
  const timer = setInterval(send, 5);

  const report = () => ({ ...tally.report(), leftOut });
  return {
    counts: report,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      return report();
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
