import type { Action, ActionOf, JobAction, Results } from "../../core/actions/actions.ts";
import type { CertificateList } from "../../core/actions/certificates.ts";
import type { ReleaseInfo } from "../../core/actions/lifecycle.ts";
import type { PsService, PsSnapshot } from "../../core/actions/watch.ts";
import { UserError } from "../../core/errors.ts";
import { didYouMean } from "../../core/dockerfile/did-you-mean.ts";
import { command, hint } from "../../core/hints.ts";
import type { Check } from "../../core/health/check.ts";
import type { LogLine } from "../../core/logs/item.ts";
import type { FailedEvent } from "../../core/wire/events.ts";
import type { DoctorData } from "../../page/doctor.ts";
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
  readonly service: (name: string) => Promise<PsService>;
  readonly releases: (service: string) => Promise<readonly ReleaseInfo[]>;
  readonly newestLines: (service: string, count: number) => Promise<readonly LogLine[]>;
  readonly followLines: (
    service: string,
    count: number,
    signal: AbortSignal,
  ) => AsyncIterable<LogNews>;
  readonly job: (job: number) => Promise<JobLog>;
  /** What a job is about, where it is the newest of its service. */
  readonly aboutJob: (job: number) => Promise<JobAbout | undefined>;
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

export interface JobAbout {
  readonly service: string;
  readonly action: string;
}

export interface PageServerParts {
  readonly connection: Connection;
  readonly args: ServerOptions;
  readonly io: CommandIo;
  readonly remote: string | undefined;
}

/** Views that are asked for again and again get the same answer for so long. */
const freshMs = 4000;
const doctorFreshMs = 20_000;
const doctorEveryMs = 5 * 60_000;

/** Asks a server over one connection, and no more often than a page needs. */
export function pageServer({ connection, args, io, remote }: PageServerParts): PageServer {
  const { interrupted: signal, now } = io.world;
  const again = commandLine("mypaas", "open", ...option("-r", remote));
  const services = watchServicesNow({ connection, signal, again });
  const jobs = followJobLogs(connection, signal);
  const ask = <A extends Action>(action: A): Promise<Results[A["action"]]> =>
    connection.ask(action);
  const releases = fresh(now, freshMs, async (service: string) => {
    const { releases: all } = await ask({ action: "release.list", service });
    return all;
  });
  const certificates = fresh(now, freshMs, () => ask({ action: "cert.list" }));
  let checks: DoctorData | undefined;
  const doctor = fresh(now, doctorFreshMs, async () => {
    checks = { checks: await examineServer(args, io), at: now() };
    return checks;
  });
  let examined = -Infinity;
  return {
    services: services.read,
    rest: services.rest,
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
    aboutJob: async (number) => {
      const snapshot = await services.read();
      const found = snapshot.services.find(({ job }) => job?.job === number);
      return found?.job && { service: found.service, action: found.job.action };
    },
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
    hinted: (failure) => hintedFor(remote, failure),
  };
}

/** Asks again when the last answer of this name is older than `ms`; an error is not kept. */
function fresh<T>(
  now: () => number,
  ms: number,
  read: (name: string) => Promise<T>,
): (name: string) => Promise<T> {
  const kept = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();
  return (name) => {
    const known = kept.get(name);
    if (known !== undefined && now() - known.at < ms) return known.answer;
    const answer = read(name);
    kept.set(name, { at: now(), answer });
    answer.catch(() => kept.delete(name));
    return answer;
  };
}

function noService(name: string, { services }: PsSnapshot): UserError {
  const near = didYouMean(
    name,
    services.map(({ service }) => service),
  );
  return new UserError(`${name}: no such service on this server`, {
    code: "not-found",
    hint: near === undefined ? hint`see all: ${command("ps")}` : `did you mean ${near}?`,
  });
}
