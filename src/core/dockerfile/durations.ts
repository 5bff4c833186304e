import { bad, good, type Read } from "./values.ts";

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `500ms`, `10s`, `2m`, `1h` or `7d` as milliseconds from `min` to `max`. */
export function readDuration(text: string, min: number, max: number): Read<number> {
  const match = /^(\d{1,9})(?:\.(\d{1,3}))?(ms|s|m|h|d)$/i.exec(text);
  const unit = match?.[3]?.toLowerCase();
  if (!match || !isUnit(unit)) {
    const hint = /^\d{1,9}$/.test(text) ? `write a unit, such as ${text}s` : undefined;
    return bad("a duration such as 500ms, 10s, 2m or 1h", text, hint);
  }
  const ms = Math.round(Number(`${match[1] ?? "0"}.${match[2] ?? "0"}`) * units[unit]);
  if (ms < min || ms > max) return bad(`from ${writeDuration(min)} to ${writeDuration(max)}`, text);
  return good(ms);
}

/** Writes milliseconds as a key accepts them, in the largest unit up to hours that needs no fraction. */
export function writeDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % units.h === 0) return `${ms / units.h}h`;
  if (ms % units.m === 0) return `${ms / units.m}m`;
  return ms % units.s === 0 ? `${ms / units.s}s` : `${ms}ms`;
}

const isUnit = (text: string | undefined): text is keyof typeof units =>
  text !== undefined && Object.hasOwn(units, text);
