const dayMs = 24 * 3_600_000;

/** How long before its end a certificate counts as trouble: two weeks, or a tenth of the lifetime where that is below 60 days. */
export function warnBeforeMs(from: number, until: number): number {
  const lifetime = Math.max(0, until - from);
  return lifetime >= 60 * dayMs ? 14 * dayMs : lifetime / 10;
}
