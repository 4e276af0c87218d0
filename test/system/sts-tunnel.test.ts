import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExempt } from '../../src/system/sts-tunnel.ts';

const sts = { host: 'sts.eu-west-1.amazonaws.com', port: 443 };

describe('isExempt', () => {
  it.each([
    '*',
    'sts.eu-west-1.amazonaws.com',
    'STS.EU-WEST-1.AMAZONAWS.COM',
    'amazonaws.com',
    '.amazonaws.com',
    '*.amazonaws.com',
    'localhost, amazonaws.com',
    'localhost amazonaws.com:443',
  ])('isExempt finds the host in "%s"', (noProxy) => {
    expect(isExempt(sts, noProxy)).toBe(true);
  });

  it.each(['', ' , ', 'aws.com', 'eu-west-1', 'amazonaws.com:8443', 'xsts.eu-west-1.amazonaws.com', '10.0.0.0/8', '.com.evil'])(
    'isExempt does not find the host in "%s"',
    (noProxy) => {
      expect(isExempt(sts, noProxy)).toBe(false);
    },
  );

  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.0/8', true],
    ['128.0.0.1', '127.0.0.0/8', false],
    ['127.0.0.1', '0.0.1', false],
    ['[::1]', '::1', true],
    ['::1', '[::1]:443', true],
    ['[fd00::7]', 'fd00::/8', true],
    ['127.0.0.1', '127.0.0.0/99', false],
    ['127.0.0.1', 'x/8', false],
  ])('isExempt, host %s and entry %s: %s', (host, entry, expected) => {
    expect(isExempt({ host, port: 443 }, entry)).toBe(expected);
  });

  it('isExempt never throws, whatever NO_PROXY holds', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('sts.amazonaws.com', '10.0.0.1', '[::1]'), (noProxy, host) => {
        expect(typeof isExempt({ host, port: 443 }, noProxy)).toBe('boolean');
      }),
    );
  });
});
