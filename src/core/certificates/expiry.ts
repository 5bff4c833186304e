const dayMs = 24 * 3_600_000;

/** Time before the end when a certificate needs attention: two weeks, or a tenth of a lifetime below 60 days. */
export function warnBeforeMs(from: number, until: number): number {
  const lifetime = Math.max(0, until - from);
  return lifetime >= 60 * dayMs ? 14 * dayMs : lifetime / 10;
}
