import { isLast, isOutcome } from "../../core/wire/event-roles.ts";
import type { Event, FailedEvent, Say } from "../../core/wire/events.ts";
import type { World } from "../../core/world.ts";
import { renderEvent } from "./render.ts";
import { themeOf } from "./theme.ts";

/** Progress for people on stderr; a status line that changes is rewritten in place on a terminal and thinned out elsewhere. */
export function humanSay(world: World): Say {
  const theme = themeOf(world);
  const { stderr } = world;
  let hasStatusLine = false;
  let lastStatus: number | undefined;
  let output: string[] = [];
  return (told: Event) => {
    if (told.kind === "build" || told.kind === "output")
      output = [...output.slice(1 - maxEvidence), told.text];
    const event = told.kind === "failed" ? withoutSaid(told, output) : told;
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

/** More lines than an error has as evidence, with some of other steps between them. */
const maxEvidence = 60;

/** An error without its evidence, where that has just been printed. */
const withoutSaid = (event: FailedEvent, output: readonly string[]): FailedEvent =>
  event.details.every((line) => output.includes(line)) ? { ...event, details: [] } : event;

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
