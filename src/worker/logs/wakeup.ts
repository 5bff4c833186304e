/** Remembers one notification until its reader waits for it; notifies by itself when the signal is aborted. */
export function createWakeup(signal: AbortSignal) {
  let isNotified = false;
  let answer: (() => void) | undefined;
  const notify = () => {
    isNotified = true;
    answer?.();
  };
  signal.addEventListener("abort", notify, { once: true });
  return {
    notify,
    wait: async () => {
      if (!isNotified && !signal.aborted)
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      isNotified = false;
      answer = undefined;
    },
  };
}
