import { isLast, isOutcome } from "../../core/wire/event-roles.ts";
import { renderEvent, withoutRepeats } from "../../core/wire/event-text.ts";
import type { Event, Say } from "../../core/wire/events.ts";
import type { World } from "../../core/world.ts";
import { themeOf } from "./theme.ts";

/** Progress for people on stderr; a status line that changes is rewritten in place on a terminal and thinned out elsewhere. */
export function humanSay(world: World): Say {
  const theme = themeOf(world);
  const { stderr } = world;
  let hasStatusLine = false;
  let lastStatus: number | undefined;
  const once = withoutRepeats();
  return (told: Event) => {
    const event = once(told);
    const text = renderEvent(event, theme);
    if (event.kind !== "upload") {
      stderr.write(`${hasStatusLine ? "\n" : ""}${text}\n`);
      hasStatusLine = false;
    } else if (stderr.isTTY) {
      stderr.write(`\r\u001b[K${text.slice(0, stderr.columns - 1)}`);
      hasStatusLine = true;
    } else {
      // The first percent is no news.
      lastStatus ??= world.now();
      const isEnd = event.bytes === event.totalBytes && event.files === event.totalFiles;
      if (!isEnd && world.now() - lastStatus < 5000) return;
      lastStatus = world.now();
      stderr.write(`${text}\n`);
    }
  };
}

/** Every event as one JSON line on stdout. */
export const jsonSay =
  (world: World): Say =>
  (event) =>
    world.stdout.write(`${JSON.stringify(event)}\n`);

/** With `--quiet`: the same without progress. */
export const quietly =
  (say: Say): Say =>
  (event) => {
    if (event.kind === "warning" || isOutcome(event) || isLast(event)) say(event);
  };
