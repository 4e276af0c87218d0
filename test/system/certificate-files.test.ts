import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificatePaths } from '../../src/config/entry-hop.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { type AppError, toAppError } from '../../src/errors.ts';
import { createCertificates } from '../../src/system/certificate-files.ts';
import { encryptKey, type Issued, issue, makeAuthority, makePkcs12 } from '../harness/certificates.ts';
import { encryptedKey, macData, number, sequence } from '../harness/der.ts';

const passphrase = 'correct horse';

describe('the files of a certificate', () => {
  let directory = '';
  let authority: Issued;
  let alice: Issued;
  let bob: Issued;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'rk-certificate-files-'));
    authority = makeAuthority(directory, 'authority');
    alice = issue(directory, 'alice', authority, { subject: '/O=Example/CN=alice', altNames: 'DNS:alice.example' });
    bob = issue(directory, 'bob', authority, { keyType: 'rsa' });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const files = () => createCertificates({ home: directory, uid: process.getuid?.() });
  const knowing = (known: string | undefined) => ({
    profile: 'dev',
    passphrase: async () => (known === undefined ? undefined : new Secret(known)),
  });
  const open = (paths: CertificatePaths, known?: string) => files().open(paths, knowing(known));
  const refusal = (paths: CertificatePaths, known?: string): Promise<AppError> =>
    open(paths, known).then(() => expect.fail('it should have been refused'), toAppError);

  it('are read from PEM, and say whose certificate it is', async () => {
    const identity = await open({ certificate: alice.certificate, privateKey: alice.key });
    expect(identity.certificate.subject).toBe('O=Example, CN=alice');
    expect(identity.certificate.identity).toBe('O=Example, CN=alice; DNS:alice.example');
    expect(identity.keyKind).toBe('ECDSA');
    expect(identity.certificate.validTo).toBeGreaterThan(Date.now());
    expect(identity.certificate.validFrom).toBeLessThan(Date.now() + 1000);
  });

  it('bring no terminal escapes along', async () => {
    const odd = issue(directory, 'odd', authority, { subject: '/CN=a\u001b[2Jb\u009bc' });
    const { subject, identity } = (await open({ certificate: odd.certificate, privateKey: odd.key })).certificate;
    expect(`${subject}${identity}`).not.toMatch(/\p{Cc}/u);
  });

  it('are read from a path that begins with the home directory', async () => {
    expect((await open({ certificate: '~/alice.pem', privateKey: '~/alice.key' })).certificate.subject).toContain('alice');
  });

  it('may be one file with everything in it, whatever stands between', async () => {
    const path = join(directory, 'whole.pem');
    const parts = [
      readFileSync(alice.key),
      'Bag Attributes\n',
      readFileSync(alice.certificate),
      readFileSync(authority.certificate),
    ];
    writeFileSync(path, parts.join('\n'), { mode: 0o600 });
    const { certificate, intermediates } = await open({ certificate: path });
    expect(certificate.subject).toContain('alice');
    expect(intermediates).toHaveLength(1);
  });

  it.each(['pkcs8', 'traditional'] as const)('may hold an encrypted key (%s)', async (form) => {
    const key = encryptKey(alice.key, passphrase, form);
    const paths = { certificate: alice.certificate, privateKey: key };
    expect((await open(paths, passphrase)).keyKind).toBe('ECDSA');
    const without = await refusal(paths);
    expect(without.message).toBe(`${key}: it is encrypted, and the store has no passphrase for it`);
    expect(without.hint).toBe('run `rolekeeper passphrase dev`');
    const wrong = await refusal(paths, 'wrong');
    expect(wrong.message).toBe(`${key}: the passphrase does not open it`);
    expect(`${wrong.message}${wrong.hint}${wrong.stack}`).not.toContain(passphrase);
  });

  it.each([
    ['AES', false, 'ec'],
    ['AES', false, 'rsa'],
    ['3DES and RC2', true, 'ec'],
    ['3DES and RC2', true, 'rsa'],
  ] as const)('may be PKCS#12 with %s (legacy: %s, key: %s)', async (_how, isLegacy, keyType) => {
    const issued = issue(directory, `p12-${keyType}-${isLegacy}`, authority, { keyType });
    const certificate = makePkcs12(issued, { passphrase, isLegacy, chain: [authority.certificate] });
    const identity = await open({ certificate }, passphrase);
    expect(identity.certificate.subject).toBe(`CN=p12-${keyType}-${isLegacy}`);
    expect(identity.keyKind).toBe(keyType === 'rsa' ? 'RSA' : 'ECDSA');
    expect(identity.intermediates).toHaveLength(1);
    expect((await refusal({ certificate }, 'wrong')).message).toContain('the passphrase does not open it');
    expect((await refusal({ certificate })).message).toContain('the store has no passphrase for it');
  });

  it('may be PKCS#12 without a passphrase', async () => {
    const certificate = makePkcs12(bob, { passphrase: '' });
    expect((await open({ certificate })).certificate.subject).toBe('CN=bob');
  });

  it('may be PKCS#12 with a passphrase beyond ASCII where it is the old kind, and say so where it is not', async () => {
    expect((await open({ certificate: makePkcs12(alice, { passphrase: 'pässwört', isLegacy: true }) }, 'pässwört')).keyKind).toBe(
      'ECDSA',
    );
    const certificate = makePkcs12(alice, { passphrase: 'pässwört' });
    expect((await refusal({ certificate }, 'pässwört')).message).toContain('only a passphrase of ASCII characters');
  });

  it('are refused where the key is another one', async () => {
    const error = await refusal({ certificate: alice.certificate, privateKey: bob.key });
    expect(error.message).toBe(
      `${bob.key}: this private key is not the one of the certificate in ${alice.certificate} (O=Example, CN=alice)`,
    );
  });

  it.each([0o640, 0o604, 0o644])('are refused where others may read the key (mode %o)', async (mode) => {
    const key = join(directory, `open-${mode}.key`);
    writeFileSync(key, readFileSync(alice.key));
    chmodSync(key, mode);
    const error = await refusal({ certificate: alice.certificate, privateKey: key });
    expect(error.message).toContain(`others may read this private key (mode 0${mode.toString(8)})`);
    expect(error.hint).toBe(`run \`chmod 600 ${key}\``);
    // A certificate is for everybody to see.
    chmodSync(alice.certificate, 0o644);
    expect((await open({ certificate: alice.certificate, privateKey: alice.key })).keyKind).toBe('ECDSA');
  });

  it('are refused where PKCS#12 is open to others', async () => {
    const certificate = makePkcs12(bob, { passphrase: 'x' });
    chmodSync(certificate, 0o644);
    expect((await refusal({ certificate }, 'x')).hint).toBe(`run \`chmod 600 ${certificate}\``);
  });

  it.each([
    ['nothing', undefined, 'there is no such file'],
    ['an empty file', '', 'it is neither PEM nor PKCS#12'],
    ['something else', 'hello', 'it is neither PEM nor PKCS#12'],
    ['PEM of something else', '-----BEGIN X-----\nAA==\n-----END X-----\n', 'there is no certificate in it'],
    ['half a certificate', '-----BEGIN CERTIFICATE-----\nMIIB', 'there is no certificate in it'],
    [
      'no certificate in its clothes',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'there is no certificate in it',
    ],
  ])('are refused where there is %s', async (what, text, problem) => {
    const certificate = join(directory, what.replaceAll(' ', '-'));
    if (text !== undefined) writeFileSync(certificate, text, { mode: 0o600 });
    const error = await refusal({ certificate });
    expect(error.code).toBe('config-unreadable');
    expect(error.message).toBe(`could not read ${certificate}: ${problem}`);
  });

  it('are refused where the key is half a key, or none', async () => {
    const half = join(directory, 'half.key');
    writeFileSync(half, '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n', { mode: 0o600 });
    expect((await refusal({ certificate: alice.certificate, privateKey: half })).message).toContain(
      'its private key cannot be read',
    );
    const none = join(directory, 'none.key');
    writeFileSync(none, readFileSync(alice.certificate), { mode: 0o600 });
    expect((await refusal({ certificate: alice.certificate, privateKey: none })).message).toContain(
      'there is no private key in it',
    );
  });

  // OpenSSL worked on each of them for an hour, and the agent answered nobody meanwhile.
  it.each([
    [
      'PEM',
      `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${encryptedKey(2 ** 31 - 1).toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
    ],
    // A million of them took a minute and a half.
    ['PKCS#12', sequence(number(3), sequence(), macData(1_000_000))],
  ])('are refused where their passphrase is work without end: %s', async (kind, file) => {
    const path = join(directory, `endless-${kind}`);
    writeFileSync(path, file, { mode: 0o600 });
    const paths = kind === 'PEM' ? { certificate: alice.certificate, privateKey: path } : { certificate: path };
    expect((await refusal(paths, 'x')).message).toMatch(/more than (10,000,000|50,000) rounds, which would take ages here$/);
  });

  it('name somebody in few words, whatever is in the certificate', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `DNS:host-${index}.example.com`).join(',');
    const issued = issue(directory, 'many', authority, {
      altNames: many,
      subject: `/CN=many${'/OU=a-unit-of-some-length'.repeat(60)}`,
    });
    const { subject, identity } = (await open({ certificate: issued.certificate, privateKey: issued.key })).certificate;
    expect([subject.length, identity.length]).toEqual([301, 366]);
    const other = issue(directory, 'more', authority, {
      altNames: `${many},DNS:more`,
      subject: `/CN=many${'/OU=a-unit-of-some-length'.repeat(60)}`,
    });
    expect((await open({ certificate: other.certificate, privateKey: other.key })).certificate.identity).not.toBe(identity);
  });

  it('are never read without end', async () => {
    expect((await refusal({ certificate: directory })).code).toBe('config-unreadable');
    const large = join(directory, 'large.pem');
    writeFileSync(large, readFileSync(alice.certificate));
    appendFileSync(large, Buffer.alloc(1_000_001));
    expect((await refusal({ certificate: large, privateKey: alice.key })).message).toContain('too large');
  });

  it('name their owner without a look at the key', async () => {
    const missing = { certificate: alice.certificate, privateKey: join(directory, 'missing.key') };
    expect((await files().read(missing, knowing(undefined))).identity).toContain('CN=alice');
    expect((await refusal(missing)).message).toContain('there is no such file');
  });
});
