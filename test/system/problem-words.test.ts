import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCode, problemWords } from '../../src/system/problem-words.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: technical words, open '/x'`), { code });
}

describe('problemWords', () => {
  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'the file system is read-only'],
    ['EACCES', 'permission denied'],
  ])('has words for %s', (code, words) => {
    expect(problemWords(systemError(code))).toBe(words);
  });

  it('keeps the message of what it does not know', () => {
    expect(problemWords(systemError('EWEIRD'))).toBe("EWEIRD: technical words, open '/x'");
    expect(problemWords('just text')).toBe('just text');
  });
});

describe('errorCode', () => {
  it('finds the code that Node gives', () => {
    const codes: unknown[] = [];
    try {
      readFileSync('/no/such/file');
    } catch (error) {
      codes.push(errorCode(error));
    }
    expect(codes).toEqual(['ENOENT']);
  });

  it('is undefined for all else', () => {
    expect([new Error('x'), Object.assign(new Error('x'), { code: 7 }), 'ENOENT', undefined].map(errorCode)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
