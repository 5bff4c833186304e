import type { Event } from "./events.ts";

interface Role {
  /** The event tells how its job ended. */
  readonly outcome?: "done" | "not done";
  /** The job says nothing more after it. */
  readonly isLast?: true;
}

const progress = {} as const;

/** What each kind of event means for its job; a forgotten kind is a compile error. After `live` the old release is removed and the receipt said. */
const roles = {
  step: progress,
  note: progress,
  warning: progress,
  upload: progress,
  queued: progress,
  attached: progress,
  build: progress,
  output: progress,
  ready: progress,
  live: { outcome: "done" },
  receipt: { isLast: true },
  unchanged: { outcome: "done", isLast: true },
  stopped: { outcome: "done", isLast: true },
  removed: { outcome: "done", isLast: true },
  finished: { outcome: "done", isLast: true },
  failed: { outcome: "not done", isLast: true },
  superseded: { outcome: "not done", isLast: true },
} as const satisfies { readonly [K in Event["kind"]]: Role };

type Roles = typeof roles;
type DoneKind = {
  readonly [K in keyof Roles]: Roles[K] extends { readonly outcome: "done" } ? K : never;
}[keyof Roles];

/** An event with which a job ends as it was asked to. */
export type DoneEvent = Extract<Event, { readonly kind: DoneKind }>;

const roleOf = ({ kind }: Pick<Event, "kind">): Role => roles[kind];

/** True for the events that say that a job did what it was asked to. */
export const isDone = (event: Event): event is DoneEvent => roleOf(event).outcome === "done";

/** True for the events that tell how a job ended. */
export const isOutcome = (event: Pick<Event, "kind">): boolean =>
  roleOf(event).outcome !== undefined;

/** True for the events after which a job says nothing more. */
export const isLast = (event: Pick<Event, "kind">): boolean => roleOf(event).isLast === true;
