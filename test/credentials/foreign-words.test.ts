import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capped, reasonIn, withoutSecrets } from '../../src/credentials/foreign-words.ts';
import { Secret } from '../../src/credentials/secret.ts';

const token = 'aoaAAAAAGkJ+vR/2tQz-Kx_9LmNoPqRsTuV==';
const shown = (text: string, ...secrets: readonly string[]) =>
  withoutSecrets(
    text,
    secrets.map((secret) => new Secret(secret)),
  );

describe('withoutSecrets', () => {
  it.each([
    ['whole', `you sent ${token}, did you?`, 'you sent [secret], did you?'],
    ['cut off', `bad token ${token.slice(0, 17)}…`, 'bad token [secret]…'],
    ['from the middle', `…${token.slice(9, 20)}…`, '…[secret]…'],
    ['in small letters, as the name of a host', `${token.slice(12, 30).toLowerCase()}.evil.example`, '[secret].evil.example'],
    ['escaped, as JSON may be', token.replace('/', '\\/'), '[secret]\\[secret]'],
    ['twice', `${token} ${token}`, '[secret] [secret]'],
  ])('masks a secret that is said back %s', (_how, text, words) => {
    expect(shown(text, token)).toBe(words);
  });

  it('masks what is shorter than a piece only as a whole', () => {
    expect(shown('the code 123456 is wrong, 12345 as well', '123456')).toBe('the code [secret] is wrong, 12345 as well');
  });

  it('takes no words apart for what is too short to be a secret', () => {
    expect(shown('the connection was lost, say 1234', 's', 't', 'the', '1234')).toBe('the connection was lost, say [secret]');
  });

  it('masks all secrets, and leaves the rest as it is', () => {
    expect(shown('ÄÖ Token abcdefgh and 1234567890 İ', 'abcdefgh', '1234567890', '')).toBe('ÄÖ Token [secret] and [secret] İ');
    expect(shown('nothing of it', token)).toBe('nothing of it');
  });

  it('has an end where a text has none', () => {
    expect(shown(`${token}${'x'.repeat(2_000_000)}`, token)).toMatch(/^\[secret\]x{9000,10000}$/);
  });

  it('lets no eight characters of a secret through, whatever is around them', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9+/_=-]{8,60}$/);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), fc.nat(60), fc.nat(60), (text, before, after, from, to) => {
        const said = `${before}${text.slice(Math.min(from, to), Math.max(from, to))}${after}`;
        const words = shown(said, text).replaceAll('[secret]', '\n').toLowerCase();
        for (let at = 0; at + 8 <= text.length; at++) expect(words).not.toContain(text.slice(at, at + 8).toLowerCase());
      }),
    );
  });
});

describe('reasonIn', () => {
  it('reasonIn has words where an endpoint has none, and an end where it has none', () => {
    expect(reasonIn(' \n')).toBe('it gives no reason');
    expect(reasonIn(' no \n')).toBe('no');
    expect(reasonIn('x'.repeat(1_000_000))).toBe(`${'x'.repeat(300)}…`);
    expect(capped('abc', 2)).toBe('ab…');
  });
});
