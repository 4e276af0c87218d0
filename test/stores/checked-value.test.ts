import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { checkedValue } from '../../src/stores/checked-value.ts';
import { accountOf } from './contract.ts';

const check = (text: string) => checkedValue('the store', accountOf('corp'), new Secret(text));

describe('checkedValue', () => {
  it('takes any whole text up to 4 MiB', () => {
    for (const text of ['x', ' ', '{"v":1}', 'ü 🔐 \u{1F600}', 'x'.repeat(4 * 1024 * 1024)])
      expect(check(text) === text).toBe(true);
  });

  it('refuses what some keychain would lose or change, without saying what it was', () => {
    const cases = [
      '',
      '\0',
      'top secret\0',
      'top secret \ud800',
      '\udc00 top secret',
      `top secret${'é'.repeat(2 * 1024 * 1024)}`,
    ];
    for (const text of cases) {
      const refused = () => check(text);
      expect(refused).toThrow(AppError);
      expect(refused).toThrow(/did not take keys\/corp/);
      expect(refused).not.toThrow(/top secret/);
    }
  });
});
