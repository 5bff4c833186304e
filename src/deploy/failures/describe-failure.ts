import { ofProcess } from "../../core/release/processes.ts";
import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { formatDuration } from "../../core/format.ts";
import { isLoopback } from "../../core/server/addresses.ts";
import { replicaWord } from "../messages.ts";
import type { Listener, ProbeAnswer, Replica } from "../ports.ts";
import { initHint } from "../../core/server/first-process.ts";
import type { ReplicaFailure } from "./replica-failure.ts";

/** The message for a release that could not take over. */
export interface Sentence {
  readonly message: string;
  readonly hint?: string;
}

/** Puts the failure of a replica into words; the last lines of its log may tell more than the engine does. */
export function describeFailure(
  release: Release,
  {
    replica,
    failure,
    lastLines,
  }: {
    readonly replica: Pick<Replica, "process" | "replica">;
    readonly failure: ReplicaFailure;
    readonly lastLines: readonly string[];
  },
): Sentence {
  const place = `deploy ${replicaWord(release, replica)}`;
  const said = describe(ofProcess(release, replica.process), failure, lastLines);
  return { ...said, message: `${place}: ${said.message}` };
}

function describe(
  release: Release,
  failure: ReplicaFailure,
  lastLines: readonly string[],
): Sentence {
  switch (failure.kind) {
    case "removed":
      return { message: "container was removed by someone else while it started" };
    case "restarted":
      return { message: "container stopped just after it had taken over, and was started again" };
    case "not-started":
      return describeNoStart(failure.error);
    case "ended": {
      const said = lastLines.find(isFormatError);
      return said === undefined ? describeEnd(release, failure, lastLines) : describeNoStart(said);
    }
    case "late":
      return describeLate(release, failure);
  }
}

const isFormatError = (text: string): boolean => /exec format error/i.test(text);

function describeNoStart(error: string): Sentence {
  const message = `container could not start: ${error}`;
  const [, hint] = noStartHints.find(([pattern]) => pattern.test(error)) ?? [];
  return hint === undefined ? { message } : { message, hint };
}

const noStartHints: readonly (readonly [RegExp, string])[] = [
  [
    /exec format error/i,
    "build for this server's processor, from a base image that its program fits",
  ],
  [
    /the image has no shell$/,
    'write CMD and ENTRYPOINT as JSON arrays, such as: CMD ["node", "server.js"]',
  ],
  [/the image has no \S+, which it needs$/, "take a base image that has it, or add it with COPY"],
  [/carriage return/, "save the file with Unix line ends"],
  [/: permission denied$/, "make it executable in the Dockerfile: COPY --chmod=755 …"],
  [/^cannot run /, "check CMD and ENTRYPOINT in the Dockerfile"],
];

function describeEnd(
  { spec }: Release,
  { exitCode, oomKilled, afterMs, program = [] }: Extract<ReplicaFailure, { kind: "ended" }>,
  lastLines: readonly string[],
): Sentence {
  const after = `${formatDuration(afterMs)} after start`;
  if (!oomKilled) {
    const signal = signals[exitCode - 128];
    const code = signal === undefined ? exitCode : `${exitCode} (${signal})`;
    const message = `container stopped with exit code ${code}, ${after}`;
    const hint =
      initHint(spec, program, lastLines) ??
      (exitCode === 0 ? "let CMD run in the foreground: a container ends with it" : undefined);
    return hint === undefined ? { message } : { message, hint };
  }
  const { what, ...hint } = killedForMemory(spec);
  return { message: `container ${what}, ${after}`, ...hint };
}

/** The reason for which the kernel ended a program, with a hint where the limit was the reason. */
export function killedForMemory({ maxMemoryBytes }: Pick<ServiceSpec, "maxMemoryBytes">) {
  if (maxMemoryBytes === undefined)
    return { what: "was killed because the server ran out of memory" };
  const limit = `${Math.round(maxMemoryBytes / (1024 * 1024))}m`;
  return {
    what: `was killed for using more than mypaas.maxmem = ${limit}`,
    hint: "raise # mypaas.maxmem",
  };
}

/** A shell and an init process add 128 to the number of the signal that ended a program. */
const signals: Readonly<Record<number, string>> = {
  4: "SIGILL",
  6: "SIGABRT",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
};

type Late = Extract<ReplicaFailure, { kind: "late" }>;

/** The behaviour of a replica that did not become ready in time. */
function describeLate(release: Release, late: Late): Sentence {
  const time = formatDuration(late.afterMs);
  const { port } = release;
  const { healthcheck } = release.spec;
  if (late.health === "unhealthy" || port === undefined || late.answer?.kind === "ready")
    return describeHealth(late, time);
  if (late.answer?.kind === "refused") return describeRefusal(port, late.listening, time);
  if (late.answer?.kind === "not-h2c")
    return {
      message: `port ${port} does not speak HTTP/2 without TLS (h2c) after ${time}`,
      hint: "remove # mypaas.protocol = h2c, or let the service speak it",
    };
  if (healthcheck === undefined)
    return { message: `port ${port} takes no connection after ${time}` };
  const said = describeAnswer(release.spec, late.answer);
  return {
    message: `${healthcheck.path} ${said} after ${time}`,
    hint: "set # mypaas.healthcheck to a path that answers 2xx or 3xx, or raise # mypaas.start-timeout",
  };
}

function describeHealth({ health, healthOutput }: Late, time: string): Sentence {
  if (healthOutput === undefined)
    return {
      message: `the image's HEALTHCHECK has no result after ${time}`,
      hint: "shorten its --interval in the Dockerfile, or raise # mypaas.start-timeout",
    };
  if (/exec: "\/bin\/sh"/.test(healthOutput))
    return {
      message: "the image's HEALTHCHECK cannot run /bin/sh: the image has no shell",
      hint: 'write it as a JSON array, such as: HEALTHCHECK CMD ["node", "check.js"]',
    };
  const said = healthOutput === "" ? "" : `: ${healthOutput}`;
  return {
    message: `the image's HEALTHCHECK says ${health ?? "nothing"} after ${time}${said}`,
    hint:
      health === "unhealthy"
        ? "correct HEALTHCHECK in the Dockerfile, or give it a longer --start-period"
        : "correct HEALTHCHECK in the Dockerfile, or raise # mypaas.start-timeout",
  };
}

function describeAnswer(
  { healthcheck, startTimeoutMs }: Release["spec"],
  answer: ProbeAnswer | undefined,
): string {
  const timeoutMs = healthcheck?.timeoutMs ?? startTimeoutMs;
  switch (answer?.kind) {
    case "status":
    case "grpc-status":
      return `still answers ${answer.status}`;
    case "slow":
      return timeoutMs < startTimeoutMs
        ? `gives no answer within ${formatDuration(timeoutMs)}`
        : "gives no answer";
    case "unreachable":
      return `is cut off (${answer.reason})`;
    case "refused":
    case "not-h2c":
    case "ready":
    case undefined:
      return "is not reachable";
  }
}

function describeRefusal(port: number, listening: readonly Listener[], time: string): Sentence {
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
