import type { Event } from "../../core/wire/events.ts";

/** Commands that talk to a server, and without `-r` would talk to this host's own, or to none. */
export const talking: readonly string[] = [
  "cancel",
  "cert",
  "check",
  "doctor",
  "env",
  "exec",
  "key",
  "logs",
  "plan",
  "ps",
  "push",
  "registry",
  "releases",
  "remove",
  "restart",
  "rollback",
  "run",
  "scale",
  "start",
  "stop",
];
// What stands behind `--` belongs to another program.
const command = new RegExp(
  `mypaas (?:${talking.join("|")})\\b(?:(?! -r | --remote | -- )(?:[^,;:]|:(?=\\S)))*`,
  "g",
);

/** A way out that the server knows, as it has to be typed on a laptop that calls the server `remote`. */
export function hintFor(remote: string, hint: string): string {
  return hint.replaceAll(command, (typed, at: number) => {
    const isSaid = /^ (?:-r|--remote) /.test(hint.slice(at + typed.length));
    const isForThere = /\bon the server[^,;]*$/.test(hint.slice(0, at));
    return isSaid || isForThere ? typed : `${typed.trimEnd()} -r ${remote}`;
  });
}

/** An event about that server, with the way out of what went wrong as it has to be typed here. */
export function eventFor(remote: string, event: Event): Event {
  if ((event.kind !== "failed" && event.kind !== "warning") || event.hint === undefined)
    return event;
  return { ...event, hint: hintFor(remote, event.hint) };
}
