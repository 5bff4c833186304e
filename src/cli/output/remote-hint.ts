import { type Hinted, hintFields, hintOf } from "../../core/hints.ts";
import type { Event } from "../../core/wire/events.ts";
import { remoteHelp } from "../commands.ts";

/** The fields of a hint, its commands as they have to be typed on a laptop that calls the server `remote`; a hint without parts stays as it is. */
export function hintFor(remote: string, hinted: Hinted): ReturnType<typeof hintFields> {
  const hint = hintOf(hinted);
  if (typeof hint !== "object") return hintFields(hint);
  return hintFields(hint.map((part, at) => (at % 2 === 1 ? withRemote(part, remote) : part)));
}

/** An event about that server, with its hint as it has to be typed here; without a name nothing changes. */
export function eventFor(remote: string | undefined, event: Event): Event {
  return event.kind === "failed" || event.kind === "warning" ? hintedFor(remote, event) : event;
}

/** The same for anything that has a hint. */
export const hintedFor = <Item extends Hinted>(remote: string | undefined, item: Item): Item =>
  remote === undefined ? item : { ...item, ...hintFor(remote, item) };

function withRemote(command: string, remote: string): string {
  const [, name = ""] = command.split(" ");
  // What stands behind `--` belongs to another program.
  const [own = "", ...program] = command.split(" -- ");
  const isSaid = /(?: -r| --remote| --help)(?: |$)/.test(own);
  if (isSaid || remoteHelp(name) === undefined) return command;
  return [`${own} -r ${remote}`, ...program].join(" -- ");
}
