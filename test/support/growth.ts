import assert from "node:assert/strict";

/** Eight times the work takes eight times as long when it is linear, sixty-four times when it is quadratic; between the two nothing is decided by how busy the machine is. */
const times = 8;
const limit = 28;
const rounds = 5;

/** Fails when `work` on eight times as much takes far more than eight times as long, in each of some rounds. */
export function assertLinear(size: number, work: (size: number) => void): void {
  const once = () => elapsed(() => work(size));
  const best = () => Math.min(...Array.from({ length: rounds }, once));
  best();
  // Below half a millisecond the clock and the compiler are most of what is measured.
  const one = Math.max(best(), 0.5);
  let ratio = Infinity;
  for (let round = 0; round < rounds && ratio >= limit; round += 1)
    ratio = Math.min(ratio, worked(() => work(size * times)) / one);
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
