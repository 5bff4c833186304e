import type { InstanceConfig } from "../../core/server/instance.ts";
import {
  describeAnswer,
  isPassing,
  statusRequests,
  type CommitStatus,
} from "../../core/links/commit-status.ts";
import { isOutcome } from "../../core/wire/event-roles.ts";
import { plainTheme, renderEvent } from "../../core/wire/event-text.ts";
import type { Clock } from "../../deploy/ports.ts";
import {
  openReports,
  removeReport,
  setBegun,
  setStatus,
  type CommitReport,
} from "../../adapters/state/commit-reports.ts";
import { findJob } from "../../adapters/state/jobs.ts";
import { linkById, type Link } from "../../adapters/state/links.ts";
import { nextOffset, readLog } from "../../adapters/state/log.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Fetcher } from "./fetch.ts";

export interface ReportParts {
  readonly state: State;
  readonly clock: Clock;
  readonly config: Pick<InstanceConfig, "domain" | "server">;
  readonly fetcher: Pick<Fetcher, "post">;
}

const stepMs = 2000;
/** A forge that is away is asked so often, and then left alone. */
const maxTries = 4;
const atOnce = 4;

/** Tries of reports by job: how many, and when the next one is due. */
export type Tries = Map<number, { readonly count: number; readonly due: number }>;

/** Tells forges what becomes of their commits, until `signal` aborts. Deploys neither wait for it nor hear of it. */
export async function reportCommits(parts: ReportParts, signal: AbortSignal): Promise<void> {
  const tries: Tries = new Map();
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop
    await reportOnce(parts, tries, signal).catch(() => undefined);
    // oxlint-disable-next-line no-await-in-loop
    await parts.clock.sleep(stepMs, signal).catch(() => undefined);
  }
}

/** Tells what is due; what is not taken is tried again a few times. */
export async function reportOnce(
  parts: ReportParts,
  tries: Tries,
  signal: AbortSignal,
): Promise<void> {
  const { state, clock } = parts;
  const due = openReports(state).filter(
    ({ job, isBegun }) =>
      (tries.get(job)?.due ?? 0) <= clock.now() && !(isBegun && isUnderWay(findJob(state, job))),
  );
  await Promise.all(due.slice(0, atOnce).map((report) => tell(parts, { report, tries }, signal)));
}

async function tell(
  parts: ReportParts,
  { report, tries }: { readonly report: CommitReport; readonly tries: Tries },
  signal: AbortSignal,
): Promise<void> {
  const { state, clock, fetcher } = parts;
  const link = linkById(state, report.link);
  const status = link && statusOf(parts, report, link);
  if (link?.token === undefined || status === undefined) return removeReport(state, report);
  const isEnd = status.state !== "pending";
  const requests = statusRequests({ url: link.url, token: link.token }, status);
  if (requests.length === 0) return removeReport(state, report);
  const code = await fetcher.post(link, requests, signal).catch(() => undefined);
  if (signal.aborted) return;
  const count = (tries.get(report.job)?.count ?? 0) + 1;
  if (isPassing(code) && count < maxTries) {
    tries.set(report.job, { count, due: clock.now() + 10_000 * count });
    return;
  }
  tries.delete(report.job);
  setStatus(state, report, describeAnswer(code));
  if (isEnd) removeReport(state, report);
  else setBegun(state, report);
}

/** What is to be said now; undefined where the job is not there any more. */
function statusOf(
  { state, config }: ReportParts,
  { job: id, commit }: CommitReport,
  { service }: Link,
): CommitStatus | undefined {
  const job = findJob(state, id);
  if (job === undefined) return undefined;
  const context = `mypaas/${service} on ${config.domain ?? config.server.slice(0, 8)}`;
  if (isUnderWay(job))
    return { commit, context, state: "pending", description: `deploying ${service}` };
  const isDone = job.state === "done";
  const description = wordsOf(state, id) ?? (isDone ? "deployed" : "not deployed");
  return { commit, context, state: isDone ? "success" : "failure", description };
}

const isUnderWay = (job: ReturnType<typeof findJob>): boolean =>
  job !== undefined && ["queued", "running"].includes(job.state);

/** Messages of failures hold no output of programs; that stays in the log. */
function wordsOf(state: State, job: number): string | undefined {
  const next = nextOffset(state, job);
  const last = readLog(state, { job, from: Math.max(0, next - 40), limit: 40 });
  const end = last.findLast(isOutcome);
  if (end === undefined) return undefined;
  return end.kind === "failed" ? end.message : renderEvent(end, plainTheme);
}
