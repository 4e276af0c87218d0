import { describe, expect, it } from 'vitest';
import { openJournal } from '../../src/commands/journal.ts';

describe('the journal', () => {
  it('takes back the newest first, and each once', async () => {
    const journal = openJournal();
    const taken: number[] = [];
    for (const step of [1, 2, 3]) journal.note(() => void taken.push(step));
    await journal.takeBack();
    await journal.takeBack();
    expect(taken).toEqual([3, 2, 1]);
  });

  // Keys must not leave the store when their file could not be restored.
  it('stops at what cannot be taken back', async () => {
    const journal = openJournal();
    const taken: string[] = [];
    journal.note(() => void taken.push('the keys'));
    journal.note(async () => {
      throw new Error('the file has changed');
    });
    await expect(journal.takeBack()).rejects.toThrow('the file has changed');
    expect(taken).toEqual([]);
  });
});
