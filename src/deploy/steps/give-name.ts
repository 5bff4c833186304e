import { waitingDials } from "../../core/routing/metrics.ts";
import { untilEngineAnswers } from "../retry-while-down.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";

/** Where the DNS server upstream is slow or dead a waiting request dials several times in vain; no wait for them is longer than this. */
export const waitingRequestsMs = 10_000;
/** A waiting request dials for 300 ms at most, and again after 100 to 600 ms. */
const quietMs = 2_000;
const betweenReadingsMs = 250;

/** Gives the service's own name, by which other services reach it, to the release that is live. */
export async function giveName(context: SwitchContext): Promise<void> {
  const { engine, release, someWait, say } = context;
  await step(context, "take-names", async () => {
    if (someWait) {
      say(messages.reaching(release, waitingRequestsMs));
      await untilNobodyWaits(context);
    }
    await engine.giveName(release);
  });
}

/** The same without a word, after the job has ended; the next switch repeats what did not work. */
export async function giveNameLater(context: SwitchContext): Promise<void> {
  const silent = { ...context, say: () => undefined };
  await untilEngineAnswers(silent, () => giveName(silent)).catch(() => undefined);
}

/** Returns when Traefik has not dialled for a waiting request for a while; where its counts do not show that, after the longest time. */
export async function untilNobodyWaits({
  clock,
  meter,
}: Pick<SwitchContext, "clock" | "meter">): Promise<void> {
  const begun = clock.now();
  const until = begun + waitingRequestsMs;
  const metering = await meter.begin();
  const dials = async () => (await metering.read())?.get(waitingDials)?.requests;
  let known = await dials();
  for (let since = clock.now(); known !== undefined;) {
    const now = clock.now();
    if (now >= until || now - since >= quietMs) break;
    await clock.sleep(betweenReadingsMs);
    const seen = await dials();
    if (seen !== known) since = clock.now();
    known = seen;
  }
  metering.end();
  if (known === undefined) await clock.sleep(Math.max(0, until - clock.now()));
}
