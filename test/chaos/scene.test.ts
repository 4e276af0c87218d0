import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Random } from './random.ts';
import { striking } from './scene.ts';

// A run ended in its middle: the config was being edited while another fault of the round had filled the disk.
it('striking goes on after a full disk, and ends when it is told to', async () => {
  let strikes = 0;
  const struckAgain = new AbortController();
  const end = striking([0, 1], { random: new Random(1) }, async () => {
    strikes += 1;
    if (strikes === 1) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    struckAgain.abort();
  });
  await wait(10_000, undefined, { signal: struckAgain.signal }).catch(() => undefined);
  await end();
  expect(strikes).toBeGreaterThan(1);
});
