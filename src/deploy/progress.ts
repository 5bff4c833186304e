import type { RoutingChange } from "../core/routing/routing-change.ts";
import { holdMode } from "./steps/hold.ts";
import type { SwitchContext } from "./switch-context.ts";

/** The part of a journal entry that tells how far a switch came. */
export interface JournalEntry {
  readonly step: string;
  readonly phase: "intent" | "outcome";
  readonly ok: boolean;
}

/** How far a switch had come when its worker ended. */
export type Progress = "nothing" | "before" | "cutting-over" | "after" | "undoing";

/** Reads it from the journal, in the order of its entries. */
export function progressOf(notes: readonly JournalEntry[]): Progress {
  const last = (name: string) => notes.findLast(({ step }) => step === name);
  const isDone = (note: JournalEntry | undefined) => note?.phase === "outcome" && note.ok;
  const cut = last("cut-over");
  if (isDone(cut)) return "after";
  const undone = last("undo");
  if (undone !== undefined) return isDone(undone) ? "nothing" : "undoing";
  if (cut?.phase === "intent") return "cutting-over";
  if (cut !== undefined) return "undoing";
  return notes.some(({ step }) => step !== "release-command") ? "before" : "nothing";
}

/** The routing of an interrupted switch until it is finished or undone. */
export function routingLeft(
  context: Pick<SwitchContext, "service" | "release" | "from" | "oldFirst">,
  progress: Progress,
): readonly RoutingChange[] {
  if (progress === "nothing") return [];
  const { service, release: to, from } = context;
  const mode = holdMode(context);
  const held = { kind: "hold", service, to, from, mode } as const;
  // Where the old release still runs, a client that had an answer of the new one must not go back to it meanwhile.
  const isCut = progress === "after" || (progress === "cutting-over" && mode === "serving");
  return isCut ? [held, { kind: "cut-over", service }] : [held];
}
