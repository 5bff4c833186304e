/** Remembers one notification until its reader waits for it; notifies by itself when the signal is aborted. */
export function createWakeup(signal: AbortSignal) {
  let hasRung = false;
  let answer: (() => void) | undefined;
  const notify = () => {
    hasRung = true;
    answer?.();
  };
  signal.addEventListener("abort", notify, { once: true });
  return {
    notify,
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
