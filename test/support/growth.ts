import assert from "node:assert/strict";

/** Eight times the work takes eight times as long when it is linear, sixty-four times when it is quadratic; between the two nothing is decided by how busy the machine is. */
const times = 8;
const limit = 28;
const rounds = 5;

/** Fails when `work` on eight times as much takes far more than eight times as long; best of some rounds each, so that a pause of the machine does not count. */
export function assertLinear(size: number, work: (size: number) => void): void {
  const best = (many: number): number => {
    let least = Infinity;
    for (let round = 0; round < rounds; round += 1) {
      const begun = performance.now();
      work(many);
      least = Math.min(least, performance.now() - begun);
    }
    return least;
  };
  best(size);
  // Below half a millisecond the clock and the compiler are most of what is measured.
  const ratio = best(size * times) / Math.max(best(size), 0.5);
  assert.ok(ratio < limit, `${times} times as much took ${ratio.toFixed(1)} times as long`);
}
