import { describe, expect, it } from 'vitest';
import { secondLook } from '../../src/commands/second-look.ts';
import { AppError } from '../../src/errors.ts';

const unknown = new AppError('profile-unknown', { profile: 'dev', path: 'config' });
const malformed = new AppError('config-malformed', { path: 'config', line: 3, problem: 'cut off' });

describe('secondLook', () => {
  // `get` failed in the moment in which another tool was writing ~/.aws/config anew.
  it.each([unknown, malformed])('secondLook does the work once more for $code', async (failure) => {
    const looks: string[] = [];
    await secondLook(failure, async () => void looks.push('again'));
    expect(looks).toEqual(['again']);
  });

  it('secondLook throws what the second look finds', async () => {
    await expect(secondLook(unknown, () => Promise.reject(malformed))).rejects.toBe(malformed);
  });

  it('secondLook leaves other failures alone', async () => {
    const locked = new AppError('store-locked', { store: 's', hint: 'h' });
    await expect(secondLook(locked, () => Promise.reject(new Error('not to be called')))).rejects.toBe(locked);
  });
});
