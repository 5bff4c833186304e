import { isLast, isOutcome } from "../../core/wire/event-roles.ts";
import type { Say } from "../../core/wire/events.ts";

/** With `--quiet`: the same events without those that are only progress. */
export const quietly =
  (say: Say): Say =>
  (event) => {
    if (event.kind === "warning" || isOutcome(event) || isLast(event)) say(event);
  };
