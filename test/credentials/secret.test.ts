import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret, secretsIn } from '../../src/credentials/secret.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('Secret gives its text to whoever asks for it by name', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it.each([
    ['in a text', `${secret}`, '[secret]'],
    ['in JSON', JSON.stringify({ secret }), '{"secret":"[secret]"}'],
    ['in what Node prints', inspect({ secret }, { showHidden: true, depth: 9 }), '{ secret: [secret] }'],
  ])('Secret is a mask %s', (_where, shown, expected) => {
    expect(shown).toBe(expected);
  });
});

describe('secretsIn', () => {
  it('secretsIn finds them among other values, in their order', () => {
    const [one, two] = [new Secret('1'), new Secret('2')];
    const found = secretsIn({ a: one, b: 'text', c: undefined, d: two });
    expect(found.map((secret) => secret.reveal())).toEqual(['1', '2']);
  });
});
