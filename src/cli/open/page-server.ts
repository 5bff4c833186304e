import type { Action, ActionOf, JobAction, Results } from "../../core/actions/actions.ts";
import type { CertificateList } from "../../core/actions/certificates.ts";
import type { JobInfo, JobStep } from "../../core/actions/jobs.ts";
import type { ReleaseInfo } from "../../core/actions/lifecycle.ts";
import type { DiskUsage, MetricsAnswer } from "../../core/actions/usage.ts";
import type { PsService, PsSnapshot } from "../../core/actions/watch.ts";
import { UserError } from "../../core/errors.ts";
import { didYouMean } from "../../core/dockerfile/did-you-mean.ts";
import { command, hint } from "../../core/hints.ts";
import type { Check } from "../../core/health/check.ts";
import type { LogLine } from "../../core/logs/item.ts";
import type { FailedEvent } from "../../core/wire/events.ts";
import type { DoctorData } from "../../page/doctor.ts";
import { spans, type SpanName } from "../../page/traffic.ts";
import { examineServer } from "../commands/doctor.ts";
import type { CommandIo, ServerOptions } from "../command.ts";
import type { Connection } from "../connect/connect.ts";
import { readLogLines, type LogNews } from "../connect/log-lines.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { hintedFor } from "../output/remote-hint.ts";
import { followJobLogs, type JobLog } from "./job-logs.ts";
import { watchServicesNow } from "./services-now.ts";

/** What the page asks of a server; every refusal is a UserError. */
export interface PageServer {
  readonly services: () => Promise<PsSnapshot>;
  /** How long the server has said nothing of what runs, in milliseconds. */
  readonly silentFor: () => number;
  readonly service: (name: string) => Promise<PsService>;
  readonly releases: (service: string) => Promise<readonly ReleaseInfo[]>;
  readonly newestLines: (service: string, count: number) => Promise<readonly LogLine[]>;
  readonly followLines: (
    service: string,
    count: number,
    signal: AbortSignal,
  ) => AsyncIterable<LogNews>;
  readonly job: (job: number) => Promise<JobLog>;
  /** What is known of a job beside its log; undefined where the server is older. */
  readonly jobInfo: (job: number) => Promise<JobInfo | undefined>;
  readonly jobSteps: (job: number) => Promise<readonly JobStep[] | undefined>;
  /** A page of jobs, newest first; those before a number. */
  readonly jobs: (before: number | undefined) => Promise<readonly JobInfo[]>;
  /** What services were asked and used in the time before now; undefined where the server is older. */
  readonly metrics: (span: SpanName) => Promise<MetricsAnswer | undefined>;
  readonly disk: () => Promise<DiskUsage>;
  readonly certificates: () => Promise<CertificateList>;
  readonly doctor: () => Promise<DoctorData>;
  /** What `doctor` found last; undefined while it was not asked, or this key may not ask. */
  readonly lastChecks: () => readonly Check[] | undefined;
  /** Examines the server in the background, where that was long ago. */
  readonly soonExamine: () => void;
  /** Asks for a job, signed by the user's own key; its number, where there is one. */
  readonly begin: (action: JobAction | ActionOf<"cancel">) => Promise<number | undefined>;
  /** A failure with commands that can be typed here. */
  readonly hinted: (failure: FailedEvent) => FailedEvent;
  /** Ends what runs on although nobody looks. */
  readonly rest: () => void;
}

export interface PageServerParts {
  readonly connection: Connection;
  readonly args: ServerOptions;
  readonly io: CommandIo;
  readonly remote: string | undefined;
}

/** Views that are asked for again and again get the same answer for so long. */
const freshMs = 4000;
/** There is nothing new more often. */
const metricsFreshMs = 9000;
const doctorFreshMs = 20_000;
const doctorEveryMs = 5 * 60_000;
const maxKept = 200;
/** Jobs of one view. */
export const jobsOfPage = 50;

/** Asks a server over one connection, and no more often than a page needs. */
export function pageServer({ connection, args, io, remote }: PageServerParts): PageServer {
  const { interrupted: signal, now } = io.world;
  const again = commandLine("mypaas", "open", ...option("-r", remote));
  const services = watchServicesNow({ connection, signal, now, again });
  const jobs = followJobLogs(connection, signal);
  const ask = <A extends Action>(action: A): Promise<Results[A["action"]]> =>
    connection.ask(action);
  const releases = fresh(now, async (service: string) => {
    const { releases: all } = await ask({ action: "release.list", service });
    return all;
  });
  const jobInfo = fresh(now, async (job: number) => {
    const asked = ask({ action: "job.list", before: job + 1, limit: 1 });
    const found = await asked.catch(unlessOlder);
    return found?.jobs.find((one) => one.job === job);
  });
  const jobSteps = fresh(now, async (job: number) => {
    const found = await ask({ action: "job.steps", job }).catch(unlessOlder);
    return found?.steps;
  });
  const jobPage = fresh(now, async (before: number | undefined) => {
    const from = before === undefined ? {} : { before };
    return (await ask({ action: "job.list", ...from, limit: jobsOfPage })).jobs;
  });
  const metrics = fresh(
    now,
    (span: SpanName) => ask({ action: "metrics", sinceMs: spans[span].ms }).catch(unlessOlder),
    metricsFreshMs,
  );
  const disk = fresh(now, () => ask({ action: "disk" }));
  const certificates = fresh(now, () => ask({ action: "cert.list" }));
  let checks: DoctorData | undefined;
  const doctor = fresh(
    now,
    async () => {
      checks = { checks: await examineServer(args, io), at: now() };
      return checks;
    },
    doctorFreshMs,
  );
  let examined = -Infinity;
  return {
    services: services.read,
    rest: services.rest,
    silentFor: services.silentFor,
    service: async (name) => {
      const snapshot = await services.read();
      const found = snapshot.services.find(({ service }) => service === name);
      if (found === undefined) throw noService(name, snapshot);
      return found;
    },
    releases,
    newestLines: async (service, lines) => {
      const action = { action: "logs", service, lines, follow: false } as const;
      const read: LogLine[] = [];
      for await (const one of readLogLines(connection, action, { signal, again }))
        if (one !== "caught-up") read.push(one);
      return read;
    },
    followLines: (service, lines, until) =>
      readLogLines(
        connection,
        { action: "logs", service, lines, follow: true },
        { signal: AbortSignal.any([signal, until]), again },
      ),
    job: jobs.read,
    jobInfo,
    jobSteps,
    jobs: jobPage,
    metrics,
    disk: () => disk(""),
    certificates: () => certificates(""),
    doctor: () => doctor(""),
    lastChecks: () => checks?.checks,
    soonExamine: () => {
      if (now() - examined < doctorEveryMs) return;
      examined = now();
      // A key that may not ask sees no badge; the view says why.
      doctor("").catch(() => undefined);
    },
    begin: async (action) => jobs.adopt(await connection.begin(action)),
    hinted: (failure) => hintedFor(remote === undefined ? undefined : commandLine(remote), failure),
  };
}

/** Asks again when the last answer about this is older than `ms`; an error is not kept. */
function fresh<K, T>(
  now: () => number,
  read: (about: K) => Promise<T>,
  ms = freshMs,
): (about: K) => Promise<T> {
  const kept = new Map<K, { readonly at: number; readonly answer: Promise<T> }>();
  return (about) => {
    const known = kept.get(about);
    if (known !== undefined && now() - known.at < ms) return known.answer;
    if (kept.size > maxKept) kept.clear();
    const answer = read(about);
    // Nobody asks a second time while a slow server is asked.
    const entry = { at: Infinity, answer };
    kept.set(about, entry);
    answer.then(
      () => (entry.at = now()),
      () => kept.delete(about),
    );
    return answer;
  };
}

/** A server that does not know the action yet: the view does without. */
function unlessOlder(error: unknown): undefined {
  if (error instanceof UserError && error.code === "bad-request") return undefined;
  throw error;
}

function noService(name: string, { services }: PsSnapshot): UserError {
  const near = didYouMean(
    name,
    services.map(({ service }) => service),
  );
  return new UserError(`service ${name}: not known here`, {
    code: "not-found",
    hint: near === undefined ? hint`see all: ${command("ps")}` : `did you mean ${near}?`,
  });
}
