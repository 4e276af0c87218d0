// How long this machine has been up, time asleep included: the clock that nobody can set.

import { uptime } from 'node:os';

/**
 * Milliseconds since boot. One reading serves all who ask within the same millisecond: the system tells it in hundredths of a second, and
 * each reading opens a file. Where a sleep falls into that millisecond, it shows one millisecond after the wake.
 */
export function createUptime(): () => number {
  let [readAtMs, uptimeMs] = [Number.NEGATIVE_INFINITY, 0];
  return () => {
    const now = performance.now();
    if (now - readAtMs < sharedForMs) return uptimeMs;
    readAtMs = now;
    uptimeMs = Math.round(uptime() * 1000);
    return uptimeMs;
  };
}

const sharedForMs = 1;
