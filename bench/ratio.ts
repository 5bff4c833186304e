/** Runs two things in turn, A B A B …, and compares them pair by pair, so that a machine that slows down slows both. */
export async function compare(
  rounds: number,
  ours: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ readonly ours: number; readonly floor: number; readonly ratio: number }> {
  await ours();
  await floor();
  const pairs: { ours: number; floor: number }[] = [];
  for (let round = 0; round < rounds; round += 1)
    pairs.push({ ours: await ours(), floor: await floor() });
  return {
    ours: median(pairs.map((pair) => pair.ours)),
    floor: median(pairs.map((pair) => pair.floor)),
    ratio: median(pairs.map((pair) => pair.ours / pair.floor)),
  };
}

/** The middle value; of an even number, the upper one of the two. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
