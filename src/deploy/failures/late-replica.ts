import type { Release } from "../../core/release/release.ts";
import { formatDuration } from "../../core/format.ts";
import type { ProbeAnswer } from "../ports.ts";
import type { Listener, ReplicaFailure } from "./replica-failure.ts";
import { isLoopback } from "./replica-failure.ts";

/** What a person reads about a release that could not take over. */
export interface Sentence {
  readonly message: string;
  readonly hint?: string;
}

type Late = Extract<ReplicaFailure, { kind: "late" }>;

/** Puts into words what a replica did instead of becoming ready in time. */
export function describeLateness(release: Release, late: Late): Sentence {
  const time = formatDuration(late.afterMs);
  const { port } = release;
  const { healthcheck } = release.spec;
  if (port === undefined || late.answer?.kind === "ready") return describeHealth(late, time);
  if (late.answer?.kind === "refused") return describeSilence(port, late.listening, time);
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
    hint: "correct HEALTHCHECK in the Dockerfile, or raise # mypaas.start-timeout",
  };
}

function describeAnswer(
  { healthcheck, startTimeoutMs }: Release["spec"],
  answer: ProbeAnswer | undefined,
): string {
  const timeoutMs = healthcheck?.timeoutMs ?? startTimeoutMs;
  switch (answer?.kind) {
    case "status":
      return `still answers ${answer.status}`;
    case "slow":
      return timeoutMs < startTimeoutMs
        ? `gives no answer within ${formatDuration(timeoutMs)}`
        : "gives no answer";
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
