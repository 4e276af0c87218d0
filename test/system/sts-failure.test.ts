import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { toFailure } from '../../src/system/sts-failure.ts';
import { alice, callBy } from '../harness/sts-world.ts';

const failed = {
  operation: 'AssumeRole' as const,
  call: callBy(alice, 'http://127.0.0.1:1'),
  request: {},
  sent: [],
  endpoint: 'sts.eu-west-1.amazonaws.com',
  hasEnded: false,
  seconds: 10,
};

function failing(code: string): Error {
  return Object.assign(new Error('low-level words'), { code });
}

describe('toFailure', () => {
  it.each([
    ['ENOTFOUND', 'there is no such host (ENOTFOUND)'],
    ['EAI_AGAIN', 'the name could not be looked up (EAI_AGAIN)'],
    ['ENETUNREACH', 'there is no network (ENETUNREACH)'],
    ['ECONNRESET', 'the connection broke (ECONNRESET)'],
    ['HPE_INVALID_CONSTANT', 'what answers there does not speak HTTP (HPE_INVALID_CONSTANT)'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'set ca_bundle'],
    ['CERT_HAS_EXPIRED', 'its certificate is not trusted (CERT_HAS_EXPIRED)'],
    ['EWHATEVER', 'the connection failed (EWHATEVER)'],
  ])('toFailure puts %s into words', (code, words) => {
    const failure = toFailure(failing(code), failed);
    expect(failure).toMatchObject({ code: 'network', exitStatus: 7, message: expect.stringContaining(words) });
    expect(failure.message).toMatch(/^could not reach sts\.eu-west-1\.amazonaws\.com: /);
  });

  it('toFailure looks into the failures of both address families', () => {
    const both = new AggregateError([failing('ECONNREFUSED'), failing('ENETUNREACH')]);
    expect(toFailure(both, failed).message).toContain('the connection was refused (ECONNREFUSED)');
  });

  it('toFailure keeps an error of ours, and prefers the deadline to what the deadline broke', () => {
    const own = new AppError('config-unreadable', { path: '/ca', problem: 'x' });
    expect(toFailure(own, { ...failed, hasEnded: true })).toBe(own);
    expect(toFailure(failing('ECONNRESET'), { ...failed, hasEnded: true })).toMatchObject({ code: 'deadline' });
  });

  it('toFailure gives back the reason of the signal that ended the call, when it is one of ours', () => {
    const reason = new AppError('deadline', { doing: 'get', seconds: 4 });
    const call = { ...failed.call, signal: AbortSignal.abort(reason) };
    expect(toFailure(failing('ECONNRESET'), { ...failed, call, hasEnded: true })).toBe(reason);
  });
});
