import type { Release } from "../core/release/release.ts";
import type { ProbeAnswer } from "./ports.ts";
import type { Listener, Trouble } from "./trouble.ts";
import { formatDuration } from "../core/format.ts";
import { replicaWord } from "./sentences.ts";
import { isLoopback } from "./trouble.ts";

/** What a person reads about a release that could not take over. */
export interface Sentence {
  readonly message: string;
  readonly hint?: string;
}

/** Puts a replica's trouble into words; `lastLines` of its log may tell more than the engine does. */
export function describeTrouble(
  release: Release,
  {
    replica,
    trouble,
    lastLines,
  }: {
    readonly replica: number;
    readonly trouble: Trouble;
    readonly lastLines: readonly string[];
  },
): Sentence {
  const place = `deploy ${replicaWord(release, replica)}`;
  const said = describe(release, trouble, lastLines);
  return { ...said, message: `${place}: ${said.message}` };
}

function describe(release: Release, trouble: Trouble, lastLines: readonly string[]): Sentence {
  switch (trouble.kind) {
    case "removed":
      return { message: "container was removed by someone else while it started" };
    case "not-started":
      return describeNoStart(trouble.error);
    case "ended": {
      const said = lastLines.find(isFormatError);
      return said === undefined ? describeEnd(release, trouble) : describeNoStart(said);
    }
    case "late":
      return describeLateness(release, trouble);
  }
}

const isFormatError = (text: string): boolean => /exec format error/i.test(text);

function describeNoStart(error: string): Sentence {
  const message = `container could not start: ${error}`;
  return isFormatError(error)
    ? {
        message,
        hint: "build for this server's processor, from a base image that its program fits",
      }
    : { message };
}

function describeEnd(
  { spec }: Release,
  { exitCode, oomKilled, afterMs }: Extract<Trouble, { kind: "ended" }>,
): Sentence {
  const after = `${formatDuration(afterMs)} after start`;
  if (!oomKilled) return { message: `container stopped with exit code ${exitCode}, ${after}` };
  if (spec.maxMemoryBytes === undefined)
    return { message: `container was killed because the server ran out of memory, ${after}` };
  const limit = `${Math.round(spec.maxMemoryBytes / (1024 * 1024))}m`;
  return {
    message: `container was killed for using more than mypaas.maxmem = ${limit}, ${after}`,
    hint: "raise # mypaas.maxmem",
  };
}

function describeLateness(release: Release, late: Extract<Trouble, { kind: "late" }>): Sentence {
  const time = formatDuration(late.afterMs);
  const { port } = release;
  const { healthcheck } = release.spec;
  if (port === undefined || late.answer?.kind === "ready")
    return { message: `the image's HEALTHCHECK says ${late.health ?? "nothing"} after ${time}` };
  if (late.answer?.kind === "refused") return describeSilence(port, late.listening, time);
  if (healthcheck === undefined)
    return { message: `port ${port} takes no connection after ${time}` };
  const said = describeAnswer(late.answer, healthcheck.timeoutMs);
  return {
    message: `${healthcheck.path} ${said} after ${time}`,
    hint: "set # mypaas.healthcheck to a path that answers 2xx or 3xx, or raise # mypaas.start-timeout",
  };
}

function describeAnswer(answer: ProbeAnswer | undefined, timeoutMs: number): string {
  switch (answer?.kind) {
    case "status":
      return `still answers ${answer.status}`;
    case "slow":
      return `gives no answer within ${formatDuration(timeoutMs)}`;
    case "unreachable":
      return `is cut off (${answer.reason})`;
    case "refused":
    case "ready":
    case undefined:
      return "is not reachable";
  }
}

function describeSilence(port: number, listening: readonly Listener[], time: string): Sentence {
  const local = listening.find((one) => one.port === port);
  if (local !== undefined)
    return {
      message: `listens on ${place(local)} only, which nothing outside its container reaches`,
      hint: `listen on 0.0.0.0:${port}`,
    };
  const [other] = listening.filter(({ address }) => !isLoopback(address));
  if (other !== undefined)
    return {
      message: `listens on port ${other.port}, not on port ${port}`,
      hint: `set # mypaas.port = ${other.port}, or listen on the port in $PORT`,
    };
  const [hidden] = listening;
  if (hidden !== undefined)
    return {
      message: `listens on ${place(hidden)} only, not on port ${port}`,
      hint: `listen on 0.0.0.0:${port}`,
    };
  return {
    message: `nothing listens on port ${port} after ${time}`,
    hint: "set # mypaas.port to the port it listens on, or raise # mypaas.start-timeout",
  };
}

const place = ({ address, port }: Listener): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port}`;
