import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asksTooMuch } from '../../src/credentials/passphrase-work.ts';
import { encryptedKey, macData, number, octets, sequence } from '../harness/der.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-work-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });

describe('asksTooMuch', () => {
  it.each([
    ['as openssl makes it', []],
    ['by a careful person', ['-iter', '1000000']],
    ['by scrypt', ['-scrypt']],
  ])('asksTooMuch lets a key pass that was encrypted %s', (_how, more) => {
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'key');
    openssl('pkcs8', '-topk8', '-in', 'key', '-passout', 'pass:x', '-outform', 'DER', '-out', 'key.der', ...more);
    expect(asksTooMuch(readFileSync(join(directory, 'key.der')))).toBe(false);
  });

  it.each([
    ['in PBKDF2', encryptedKey(2 ** 31 - 1)],
    ['in PBKDF2, by a number of many bytes', encryptedKey(2 ** 48)],
    ['in the check sum of PKCS#12', macData(2 ** 31 - 1)],
    ['by lanes of scrypt', sequence(octets('salt'), number(16_384), number(8), number(2 ** 26))],
    ['inside a string of bytes', sequence(octets(encryptedKey(2 ** 31 - 1)))],
  ])('asksTooMuch stops rounds without end %s', (_where, der) => {
    expect(asksTooMuch(der)).toBe(true);
  });

  it('asksTooMuch never throws, and has an end for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(typeof asksTooMuch(Buffer.from(bytes))).toBe('boolean');
      }),
    );
    expect(asksTooMuch(Buffer.alloc(100_000, '3080'))).toBe(false);
    let deep = encryptedKey(2 ** 31 - 1);
    for (let level = 0; level < 10_000; level++) deep = sequence(deep);
    expect(asksTooMuch(deep)).toBe(false);
  });
});
