import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { formatDuration } from "../../core/format.ts";
import type { Sentence } from "./late-replica.ts";
import { describeLateness } from "./late-replica.ts";
import { replicaWord } from "../messages.ts";
import type { ReplicaFailure } from "./replica-failure.ts";

/** Puts a replica's trouble into words; `lastLines` of its log may tell more than the engine does. */
export function describeTrouble(
  release: Release,
  {
    replica,
    trouble,
    lastLines,
  }: {
    readonly replica: number;
    readonly trouble: ReplicaFailure;
    readonly lastLines: readonly string[];
  },
): Sentence {
  const place = `deploy ${replicaWord(release, replica)}`;
  const said = describe(release, trouble, lastLines);
  return { ...said, message: `${place}: ${said.message}` };
}

function describe(
  release: Release,
  trouble: ReplicaFailure,
  lastLines: readonly string[],
): Sentence {
  switch (trouble.kind) {
    case "removed":
      return { message: "container was removed by someone else while it started" };
    case "restarted":
      return { message: "container stopped just after it had taken over, and was started again" };
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
  { exitCode, oomKilled, afterMs }: Extract<ReplicaFailure, { kind: "ended" }>,
): Sentence {
  const after = `${formatDuration(afterMs)} after start`;
  if (exitCode === 0)
    return {
      message: `container stopped with exit code 0, ${after}`,
      hint: "let CMD run in the foreground: a container ends with it",
    };
  if (!oomKilled) {
    const signal = signals[exitCode - 128];
    const code = signal === undefined ? exitCode : `${exitCode} (${signal})`;
    return { message: `container stopped with exit code ${code}, ${after}` };
  }
  const { what, ...hint } = killedForMemory(spec);
  return { message: `container ${what}, ${after}`, ...hint };
}

/** Whose fault it was that the kernel ended a program, and the way out where it was the limit's. */
export function killedForMemory({ maxMemoryBytes }: Pick<ServiceSpec, "maxMemoryBytes">): {
  readonly what: string;
  readonly hint?: string;
} {
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
