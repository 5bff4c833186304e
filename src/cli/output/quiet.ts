import type { Event, Say } from "../../core/wire/events.ts";

/** The role of each event: progress, the end, or a problem. */
const roles: Readonly<Record<Event["kind"], "progress" | "end" | "problem">> = {
  step: "progress",
  note: "progress",
  warning: "problem",
  upload: "progress",
  queued: "progress",
  attached: "progress",
  build: "progress",
  output: "progress",
  ready: "progress",
  live: "end",
  receipt: "end",
  unchanged: "end",
  stopped: "end",
  removed: "end",
  failed: "problem",
  superseded: "problem",
};

/** With `--quiet`: the same without progress. */
export const quietly =
  (say: Say): Say =>
  (event) => {
    if (roles[event.kind] !== "progress") say(event);
  };
