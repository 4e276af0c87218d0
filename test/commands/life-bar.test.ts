import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barCells, lifeBar, lifeColour } from '../../src/commands/life-bar.ts';
import { barCellsFor } from '../../src/commands/terminal-look.ts';

const cells = { left: '#', over: '.' };
const hour = 3600;

function life(secondsLeft: number, lifeSeconds: number | undefined = hour, isThreatened = false) {
  return { secondsLeft, lifeSeconds, isThreatened };
}

describe('lifeBar', () => {
  it.each([
    [hour, '########'],
    [hour / 2, '####....'],
    [1, '#.......'],
    [0, '........'],
  ])('lifeBar of %i seconds of an hour is %s', (secondsLeft, bar) => {
    expect(lifeBar(life(secondsLeft), cells)).toBe(bar);
  });

  it('lifeBar is always as long, and never longer for less', () => {
    const some = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(some, some, fc.option(some, { nil: undefined }), (one, other, whole) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((seconds) => lifeBar(life(seconds, whole), cells));
        expect([less?.length, more?.length]).toEqual([barCells, barCells]);
        expect((less ?? '').lastIndexOf('#')).toBeLessThanOrEqual((more ?? '').lastIndexOf('#'));
      }),
    );
  });
});

describe('lifeColour', () => {
  it.each([
    ['green', life(16 * 60)],
    ['yellow', life(15 * 60)],
    ['yellow', life(16 * 60, hour, true)],
    ['green', life(10 * 60, 15 * 60)],
    ['yellow', life(7 * 60, 15 * 60)],
    ['red', life(0)],
  ])('lifeColour is %s for %o', (colour, left) => {
    expect(lifeColour(left)).toBe(colour);
  });
});

describe('barCellsFor', () => {
  it.each([
    [{ LANG: 'en_GB.UTF-8' }, '█'],
    [{ LANG: 'en_GB.UTF-8', LC_ALL: 'C' }, '#'],
    [{ LANG: 'C.utf8', LC_ALL: '' }, '█'],
    [{}, '#'],
  ])('barCellsFor %o fills with %s', (env, left) => {
    expect(barCellsFor(env, 'linux').left).toBe(left);
  });
});
