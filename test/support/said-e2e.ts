import type { ChildProcess } from "node:child_process";
import type { Ran } from "../../scripts/machine/run.ts";
import type { Event } from "../../src/core/wire/events.ts";

/** What a command said and how it ended. */
export interface Said extends Ran {
  readonly events: readonly Event[];
}

/** A command that may still be running. */
export interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Said>;
  /** Resolves with the first event that fits; rejects when the command ends without one. */
  readonly saw: (wanted: (event: Event) => boolean) => Promise<Event>;
}

/** Reads a command's `--json` output as it comes. */
export function follow(child: ChildProcess): Running {
  const events: Event[] = [];
  const text = { out: "", err: "", rest: "" };
  const waiting = new Set<() => void>();
  let hasEnded = false;
  const wake = () => {
    for (const look of waiting) look();
  };
  child.stdout?.setEncoding("utf8").on("data", (data: string) => {
    text.out += data;
    const lines = (text.rest + data).split("\n");
    text.rest = lines.pop() ?? "";
    events.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as Event));
    wake();
  });
  child.stderr?.setEncoding("utf8").on("data", (data: string) => (text.err += data));
  const done = new Promise<Said>((resolve) => {
    child.on("close", (code) => {
      hasEnded = true;
      wake();
      resolve({ code: code ?? 1, out: text.out, err: text.err, events });
    });
  });
  const saw = (wanted: (event: Event) => boolean) =>
    new Promise<Event>((resolve, reject) => {
      const look = () => {
        const found = events.find(wanted);
        if (found === undefined && !hasEnded) return;
        waiting.delete(look);
        if (found === undefined) reject(new Error(`never said:\n${text.out}${text.err}`));
        else resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { child, done, saw };
}

/** The event of one kind, the last there is. */
export function eventOf<K extends Event["kind"]>(said: Said, kind: K): Extract<Event, { kind: K }> {
  const found = said.events.findLast((event) => event.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} in:\n${said.out}${said.err}`);
  return found as Extract<Event, { kind: K }>;
}

/** What a failed command said at its end, in the order in which a person reads it. */
export function failureOf(said: Said) {
  const { message, hint, details, still } = eventOf(said, "failed");
  return { code: said.code, message, hint, details, still };
}
