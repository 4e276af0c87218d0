import { describe, expect, it } from 'vitest';
import { picture, type Screen } from '../../src/commands/screen.ts';
import { lookEveryMs, watchStatus } from '../../src/commands/watch-status.ts';
import { AppError } from '../../src/errors.ts';

/** Ends at the rest after so many pictures. */
function fakeScreen(pictures: number): Screen & { readonly drawn: readonly (readonly string[])[] } {
  const end = new AbortController();
  const drawn: (readonly string[])[] = [];
  return {
    drawn,
    draw: (lines) => void drawn.push(lines),
    rest: async (ms) => {
      expect(ms).toBe(lookEveryMs);
      if (drawn.length >= pictures) end.abort();
    },
    ended: end.signal,
  };
}

const broken = new AppError('config-malformed', { path: '/c', line: 3, problem: 'no section' });

describe('watchStatus', () => {
  it('watchStatus draws what there is to see each time, until it is ended', async () => {
    const screen = fakeScreen(3);
    let count = 0;
    await watchStatus(async () => `a ${++count}\nb\n`, screen);
    expect(screen.drawn).toEqual([1, 2, 3].map((one) => [`a ${one}`, 'b']));
  });

  it('watchStatus shows the error of a file that is being edited, and goes on', async () => {
    const screen = fakeScreen(3);
    let count = 0;
    const text = async () => {
      if (++count === 2) throw broken;
      return 'well\n';
    };
    await watchStatus(text, screen);
    expect(screen.drawn.map(([first]) => first)).toEqual(['well', expect.stringContaining('/c'), 'well']);
  });

  it('watchStatus fails before the first picture as status does, and on what is no failure of the outside', async () => {
    await expect(watchStatus(() => Promise.reject(broken), fakeScreen(1))).rejects.toBe(broken);
    let count = 0;
    const text = async () => {
      if (++count === 2) throw new TypeError('ours');
      return '';
    };
    await expect(watchStatus(text, fakeScreen(3))).rejects.toThrow('ours');
  });
});

describe('picture', () => {
  it('picture goes over the one before without clearing it first', () => {
    const text = picture(['a', 'b'], 24);
    expect(text).toBe('\u001b[?2026h\u001b[Ha\u001b[K\r\nb\u001b[K\u001b[J\u001b[?2026l');
  });

  it.each([
    [3, ['a', 'b', 'c']],
    [2, ['a', 'and 2 more lines']],
    [1, ['a', 'and 2 more lines']],
    [0, ['a', 'b', 'c']],
  ])('picture on %i rows says what is left out', (rows, shown) => {
    const words = picture(['a', 'b', 'c'], rows).split('\u001b[?2026h\u001b[H')[1]?.split('\u001b[J')[0];
    expect(words?.split('\r\n').map((line) => line.replace('\u001b[K', ''))).toEqual(shown);
  });
});
