import { describe, expect, it } from 'vitest';
import { fewAtOnce } from '../../src/refresh/few-at-once.ts';

describe('fewAtOnce', () => {
  it('fewAtOnce never runs more jobs than it has lanes, and keeps the order of the items', async () => {
    let [running, most] = [0, 0];
    const results = await fewAtOnce([5, 1, 4, 2, 3], 2, async (turns) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      running -= 1;
      return turns * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it('fewAtOnce of nothing is nothing', async () => {
    expect(await fewAtOnce([], 4, () => Promise.reject(new Error('no item, no job')))).toEqual([]);
  });
});
