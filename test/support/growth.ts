import assert from "node:assert/strict";

/** Eight times the work takes eight times as long when it is linear, sixty-four times when it is quadratic; between the two nothing is decided by how busy the machine is. */
const times = 8;
const limit = 28;
const rounds = 5;

/** Fails when `work` on eight times as much takes far more than eight times as long; the best of some rounds counts. */
export function assertLinear(size: number, work: (size: number) => void): void {
  const best = (many: number, measure: (work: () => void) => number): number =>
    Math.min(...Array.from({ length: rounds }, () => measure(() => work(many))));
  best(size, elapsed);
  // Below half a millisecond the clock and the compiler are most of what is measured.
  const one = Math.max(best(size, elapsed), 0.5);
  const ratio = best(size * times, worked) / one;
  assert.ok(ratio < limit, `${times} times as much took ${ratio.toFixed(1)} times as long`);
}

/** Milliseconds by the clock: exact, and right for work so short that no other program comes between. */
function elapsed(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

/** Milliseconds of processor time: without what other programs took meanwhile, but the kernel counts in ticks of some milliseconds. */
function worked(work: () => void): number {
  const begun = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(begun);
  return (user + system) / 1000;
}
