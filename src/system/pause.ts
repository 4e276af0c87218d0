// Waits a while. The only place that sets a timer for it.

/** Ends early, without an error, when the signal is aborted. Leaves neither a timer nor a listener behind. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(Math.max(ms, 0), longestTimerMs));
    signal?.addEventListener('abort', end);
  });
}

// Node turns a longer one into 1 ms.
const longestTimerMs = 2 ** 31 - 1;
