import { getEventListeners } from 'node:events';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { pause } from '../../src/system/pause.ts';

describe('pause', () => {
  it('lasts as long as asked', async () => {
    const from = performance.now();
    await pause(30);
    expect(performance.now() - from).toBeGreaterThanOrEqual(29);
  });

  it('ends early when the signal is aborted, and leaves no timer and no listener', async () => {
    const stop = new AbortController();
    const timersBefore = timers();
    const paused = pause(3_600_000, stop.signal);
    expect(timers()).toBe(timersBefore + 1);
    stop.abort();
    await paused;
    expect(timers()).toBe(timersBefore);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('leaves no listener when its time is over', async () => {
    const stop = new AbortController();
    await pause(1, stop.signal);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('does not begin when the signal is aborted already', async () => {
    const timersBefore = timers();
    await pause(3_600_000, AbortSignal.abort());
    expect(timers()).toBe(timersBefore);
  });

  it('does not end at once when asked for a month', async () => {
    const stop = new AbortController();
    const month = pause(30 * 86_400_000, stop.signal).then(() => 'a month');
    expect(await Promise.race([month, pause(20).then(() => 'a moment')])).toBe('a moment');
    stop.abort();
    await month;
  });

  it.each([0, -1])('of %i ms ends', async (ms) => {
    await pause(ms);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
