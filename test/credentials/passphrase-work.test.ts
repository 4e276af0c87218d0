import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passphraseRounds } from '../../src/credentials/passphrase-work.ts';
import { encryptedKey, macData, number, objectId, octets, sequence } from '../harness/der.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-work-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });

describe('passphraseRounds', () => {
  it.each([
    ['as openssl makes it', [], 2_048],
    ['by a careful person', ['-iter', '1000000'], 1_000_000],
    ['by scrypt', ['-scrypt'], 16_384 * 8],
  ])('passphraseRounds tells those of a key that was encrypted %s', (_how, more, rounds) => {
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'key');
    openssl('pkcs8', '-topk8', '-in', 'key', '-passout', 'pass:x', '-outform', 'DER', '-out', 'key.der', ...more);
    expect(passphraseRounds(readFileSync(join(directory, 'key.der')))).toBe(rounds);
  });

  it.each([
    ['in PBKDF2', encryptedKey(2 ** 31 - 1), 2 ** 31 - 1],
    ['in PBKDF2, by a number of many bytes', encryptedKey(2 ** 48), 2 ** 48],
    ['in the check sum of PKCS#12', macData(2 ** 31 - 1), 2 ** 31 - 1],
    ['by lanes of scrypt', sequence(octets('salt'), number(16_384), number(8), number(2 ** 26)), 2 ** 43],
    ['inside a string of bytes', sequence(octets(encryptedKey(2 ** 31 - 1))), 2 ** 31 - 1],
  ])('passphraseRounds finds rounds without end %s', (_where, der, rounds) => {
    expect(passphraseRounds(der)).toBe(rounds);
  });

  const salted = (...more: readonly Buffer[]) => sequence(octets('salt'), number(7), ...more);
  const nested = (levels: number) => Array.from({ length: levels }).reduce<Buffer>((inner) => sequence(inner), salted());

  it.each([
    ['that follow a salt', salted(), 7],
    ['that follow a salt of 200 bytes', sequence(octets(Buffer.alloc(200)), number(7)), 7],
    ['20 levels deep', nested(19), 7],
    ['but none 21 levels deep', nested(20), 0],
    ['but none in a number at the beginning', sequence(number(2 ** 31 - 1)), 0],
    ['but none in a number behind a name', sequence(objectId('2a864886f70d0209'), number(2 ** 31 - 1)), 0],
    ['but none inside a name', sequence(objectId(salted().toString('hex'))), 0],
    ['but none where the last part is cut off', salted(Buffer.of(0x02, 0x05)), 0],
  ])('passphraseRounds finds rounds %s', (_where, der, rounds) => {
    expect(passphraseRounds(der)).toBe(rounds);
  });

  it('passphraseRounds never throws, and has an end for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(passphraseRounds(Buffer.from(bytes))).toBeGreaterThanOrEqual(0);
      }),
    );
    expect(passphraseRounds(Buffer.alloc(100_000, '3080'))).toBe(0);
    let deep = encryptedKey(2 ** 31 - 1);
    for (let level = 0; level < 10_000; level++) deep = sequence(deep);
    expect(passphraseRounds(deep)).toBe(0);
  });
});
