import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBell } from '../../src/system/bell.ts';

const start = Date.UTC(2026, 0, 2, 8, 0, 7, 300);

let events: string[];
let rings: string[];
let stop: () => void;
beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  [events, rings] = [[], []];
  stop = () => undefined;
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const log = { event: (name: string) => void events.push(name) };

/** The wall clock at each ring, from the hour's minute on. */
function hang(onRing: () => Promise<void> = async () => undefined): void {
  stop = createBell(log).start(async () => {
    rings.push(new Date().toISOString().slice(14, 19));
    await onRing();
  });
}

/** Lets rings that were put off to the next turn come. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await turn();
}

describe('createBell', () => {
  it('createBell rings at :00, :15, :30 and :45', async () => {
    hang();
    await pass(75_000);
    expect(rings).toEqual(['00:15', '00:30', '00:45', '01:00', '01:15']);
  });

  it('createBell rings on through the hour that a local time zone leaves out', async () => {
    vi.setSystemTime(Date.UTC(2026, 9, 25, 0, 59, 50)); // the end of summer time in Europe
    hang();
    await pass(2 * 3_600_000);
    expect(rings).toHaveLength(480);
  });

  it('createBell does not ring while the last ring is being answered', async () => {
    let release: () => void = () => undefined;
    hang(
      () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    );
    await pass(60_000);
    expect(rings).toEqual(['00:15']);
    release();
    await pass(15_000);
    expect(rings).toEqual(['00:15', '01:15']);
  });

  it('createBell makes one ring of all that a sleep left out', async () => {
    hang();
    await pass(15_000);
    vi.setSystemTime(start + 8 * 3_600_000);
    await pass(15_000);
    expect(rings.length).toBeLessThanOrEqual(3);
    expect(rings.length).toBeGreaterThanOrEqual(2);
    await pass(60_000);
    expect(rings.length).toBeLessThanOrEqual(7);
  });

  // node-cron knows nothing of the ring for what was missed, and rang beside it.
  it('createBell does not ring beside the ring for what was missed', async () => {
    let [atOnce, most] = [0, 0];
    hang(async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 40_000));
      atOnce -= 1;
    });
    await pass(15_000);
    vi.setSystemTime(start + 8 * 3_600_000);
    await pass(120_000);
    expect(rings.length).toBeGreaterThan(2);
    expect(most).toBe(1);
  });

  // node-cron waits for the slot it had planned, which was then two hours away: no refresh in that time.
  it('createBell rings on when somebody sets the clock back', async () => {
    hang();
    await pass(15_000);
    vi.setSystemTime(start - 2 * 3_600_000);
    rings = [];
    await pass(60_000);
    expect(rings.length).toBeGreaterThanOrEqual(1);
    rings = [];
    await pass(60_000);
    expect(rings).toHaveLength(4);
  });

  it('createBell rings on when somebody sets the clock ahead', async () => {
    hang();
    vi.setSystemTime(start + 2 * 3_600_000);
    await pass(60_000);
    expect(rings.length).toBeGreaterThanOrEqual(3);
  });

  it('createBell survives an answer that fails, and logs it', async () => {
    hang(() => Promise.reject(new Error('no network')));
    await pass(15_000);
    vi.setSystemTime(start + 3_600_000);
    await pass(30_000);
    expect(rings.length).toBeGreaterThanOrEqual(3);
    expect(events).toContain('bell');
  });

  it('createBell is silent once it was stopped, also about what was missed', async () => {
    hang();
    await pass(15_000);
    vi.setSystemTime(start + 3_600_000);
    await vi.advanceTimersByTimeAsync(15_000);
    rings = [];
    stop();
    await pass(120_000);
    expect(rings).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('createBell writes nothing, whatever happens', async () => {
    const written = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')].map((write) =>
      write.mockReturnValue(true),
    );
    const said = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockReturnValue(undefined),
    );
    hang(() => Promise.reject(new Error('no network')));
    await pass(15_000);
    vi.setSystemTime(start + 3_600_000);
    await pass(60_000);
    for (const each of [...written, ...said]) expect(each).not.toHaveBeenCalled();
  });
});
