import type { Say } from "../../core/wire/events.ts";

const silentMs = 1000;

/** Says what is waited for when it takes longer than a second. */
export async function sayWhenSlow<T>(say: Say, text: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => say({ kind: "step", text }), silentMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
