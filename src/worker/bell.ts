/** Remembers one ring until somebody waits for it; rings by itself when the signal is aborted. */
export function createBell(signal: AbortSignal) {
  let hasRung = false;
  let answer: (() => void) | undefined;
  const ring = () => {
    hasRung = true;
    answer?.();
  };
  signal.addEventListener("abort", ring, { once: true });
  return {
    ring,
    wait: async () => {
      if (!hasRung && !signal.aborted)
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      hasRung = false;
      answer = undefined;
    },
  };
}
