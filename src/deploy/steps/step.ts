import type { SwitchContext } from "../switch-context.ts";

/** The steps of a switch as the journal knows them; what is undone or finished after a crash depends on the last one written. */
export type Step =
  | "release-command"
  | "hold"
  | "drain"
  | "stop-old"
  | "start"
  | "ready"
  | "cut-over"
  | "take-names"
  | "retire"
  | "undo";

/** Does one step between its two lines in the journal; the second says whether it was done. */
export async function step<T>(
  context: SwitchContext,
  name: Step,
  effect: () => Promise<T>,
): Promise<T> {
  const { journal, service, release, from } = context;
  const about = { service, release: release.number, from: from?.number ?? null };
  journal.intent(name, about);
  try {
    const result = await effect();
    journal.outcome(name, { ...about, ok: true });
    return result;
  } catch (error) {
    journal.outcome(name, { ...about, ok: false });
    throw error;
  }
}
