import { command, hint } from "../../src/core/hints.ts";
import type { DoneEvent } from "../../src/core/wire/event-roles.ts";
import type { QueuedKind } from "../../src/worker/jobs/job-kinds.ts";

const verbs: Readonly<Record<string, string>> = { push: "deploy" };

/** Kinds of jobs for a queue, by action: all do the same, and pushes supersede pushes. */
export const queuedKindsOf =
  (
    perform: QueuedKind["perform"],
    recovery: QueuedKind["recovery"] = { resume: async () => {}, outcome: () => undefined },
  ) =>
  (action: string): QueuedKind => ({
    scope: "service",
    supersedes: action === "push",
    title: ({ service }) => `${verbs[action] ?? action} ${service}`,
    again: () => hint`${action} again: ${command(action)}`,
    perform,
    recovery,
  });

/** The end of a job that nothing was left to do for. */
export const unchanged: DoneEvent = { kind: "unchanged", service: "web", release: 1 };
