import { uptime } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createUptime } from '../../src/system/uptime.ts';

describe('createUptime', () => {
  it('the uptime is the system’s, in milliseconds', () => {
    const before = Math.round(uptime() * 1000);
    const read = createUptime()();
    expect(read).toBeGreaterThanOrEqual(before);
    expect(read).toBeLessThanOrEqual(Math.round(uptime() * 1000));
  });

  it('the uptime is read anew after a millisecond', () => {
    const uptimeMs = createUptime();
    const first = uptimeMs();
    // The system counts in hundredths of a second.
    const end = performance.now() + 5_000;
    while (uptimeMs() === first && performance.now() < end);
    expect(uptimeMs()).toBeGreaterThan(first);
  });
});
