import type { Clock } from "../deploy/ports.ts";

/** True when the work has ended, well or not, within `ms` and before the signal. Leaves no timer that would keep the worker alive. */
export async function endedWithin(
  clock: Pick<Clock, "sleep">,
  work: Promise<unknown>,
  { ms, signal }: { readonly ms: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = clock.sleep(ms, either).then(
    () => false,
    () => false,
  );
  const isSettled = await Promise.race([settled, late]);
  over.abort();
  return isSettled;
}
