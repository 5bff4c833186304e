import type { ActionOf } from "../../core/actions/actions.ts";
import type { LogLine } from "../../core/logs/item.ts";
import type { LogNews } from "../connect/log-lines.ts";
import { eventLine } from "../../page/jobs.ts";
import { keptLines, logLine } from "../../page/log.ts";
import type { Look } from "../../page/look.ts";
import { textOf } from "../../page/markup.ts";
import type { JobLog } from "./job-logs.ts";
import { waitingFor, type Batch } from "./live.ts";

/** A person reads no faster. */
const pauseMs = 200;

/** The lines of a log as they come; of a flood the newest. */
export async function* liveLines(
  news: AsyncIterable<LogNews>,
  service: ActionOf<"logs">["service"],
  lookNow: () => Look,
): AsyncGenerator<Batch> {
  const waiting = waitingFor<LogLine>(keptLines, pauseMs);
  const past = Promise.withResolvers<void>();
  let failure: { readonly error: unknown } | undefined;
  void (async () => {
    try {
      for await (const one of news)
        if (one === "caught-up") past.resolve();
        else waiting.push(one);
    } catch (error) {
      failure = { error };
    } finally {
      past.resolve();
      waiting.close();
    }
  })();
  await past.promise;
  let event: Batch["event"] = "all";
  for (;;) {
    const lines = await waiting.take();
    if (lines === undefined) break;
    const look = lookNow();
    yield { event, entries: lines.map((line) => textOf(logLine(look, service, line))).join("") };
    event = "more";
  }
  // The browser asks again, and goes on from the newest lines.
  if (failure !== undefined) throw new Error("the log ended", { cause: failure.error });
}

/** The events of a job as they come, then `end`. */
export async function* liveEvents(log: JobLog, lookNow: () => Look): AsyncGenerator<Batch> {
  let next = 0;
  for (;;) {
    const look = lookNow();
    const events = log.events.slice(next);
    if (events.length > 0) {
      const entries = events.map((event) => textOf(eventLine(look, event))).join("");
      yield { event: next === 0 ? "all" : "more", entries };
      next += events.length;
    } else if (log.isOpen) await log.changed();
    else break;
  }
  yield { event: "end", entries: "" };
}
