import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import type { Fault } from '../../src/sandbox/sts-double-faults.ts';
import { createSts } from '../../src/system/sts.ts';
import { until } from '../harness/session-bus.ts';
import { alice, bob, callBy, learningClock, openRole, startWorld } from '../harness/sts-world.ts';

const minute = 60_000;
const role = { roleArn: openRole.arn, roleSessionName: 'alice', durationSeconds: 3600 };

describe('the STS adapter and the clock', () => {
  let double: StsDouble;
  beforeEach(async () => {
    double = await startWorld();
  });
  afterEach(() => double.stop());

  const mfa = () => ({ serial: alice.mfa?.serial ?? '', code: parseMfaCode(double.totp('alice')) });
  const outcomes = () => double.log().map(({ operation, outcome }) => `${operation} ${outcome}`);

  it('every reply teaches the clock, refusals too', async () => {
    const clock = learningClock();
    const sts = createSts({ clock });
    await sts.getCallerIdentity(callBy(alice, double.url));
    await expect(sts.assumeRole(role, callBy(bob, double.url))).rejects.toThrow(/is not allowed to assume/);
    expect(clock.learnt).toHaveLength(2);
    expect(Math.abs((clock.learnt[0] ?? 0) - Date.now())).toBeLessThan(5000);
  });

  // A captive portal with a wrong clock shifted every expiry by what it was off.
  it.each<[string, Fault]>([
    ['a web page', { kind: 'html' }],
    ['a load balancer', { kind: 'html', status: 503 }],
    ['half a reply', { kind: 'truncated' }],
    ['a redirect', { kind: 'redirect', location: 'https://portal.example/' }],
  ])('%s teaches the clock nothing', async (_what, fault) => {
    const clock = learningClock();
    double.advance(-40 * minute);
    double.fault(fault);
    await expect(createSts({ clock }).getCallerIdentity(callBy(alice, double.url))).rejects.toThrow();
    expect(clock.learnt).toEqual([]);
  });

  // A laptop that was closed in the middle of a call took the Date of the evening for the time of the morning: the credentials of the
  // evening were valid again, and were printed with an Expiration twelve hours too late. On a starved machine it was a few seconds.
  it.each([
    ['that came before a sleep', 12 * 60 * minute],
    ['that was read late', 5_000],
  ])('a reply %s does not turn the clock back', async (_what, laterMs) => {
    const clock = learningClock();
    let passedMs = 0;
    const sts = createSts({ clock: { ...clock, now: () => clock.now() + passedMs } });
    double.fault({ kind: 'slow', ms: 300, times: 1 });
    const calling = sts.getCallerIdentity(callBy(alice, double.url));
    await until(() => double.calls().GetCallerIdentity === 1, 'the request');
    passedMs = laterMs;
    await calling;
    expect(clock.learnt).toHaveLength(1);
    expect(Math.abs((clock.learnt[0] ?? 0) - Date.now() - laterMs)).toBeLessThan(4_000);
  });

  // Who waited for it was told that AWS could not be reached.
  it('a reply that was slept through until its credentials had ended is asked for once more', async () => {
    let sleptMs = 0;
    const now = () => {
      if (sleptMs === 0 && outcomes().at(-1) === 'AssumeRole ok') {
        sleptMs = 2 * 60 * minute;
        double.advance(sleptMs);
      }
      return Date.now() + sleptMs;
    };
    const sts = createSts({ clock: { ...learningClock(), now, learn: () => undefined } });
    const { expiresAt } = await sts.assumeRole(role, callBy(alice, double.url));
    expect(expiresAt).toBeGreaterThan(double.now());
    expect(outcomes()).toEqual(['AssumeRole ok', 'AssumeRole ok']);
  });

  it.each([
    ['behind', -40 * minute],
    ['ahead', 3 * 60 * minute],
  ])('a clock that is %s is corrected, and the call tried once more', async (_word, offMs) => {
    const clock = learningClock(offMs);
    const credentials = await createSts({ clock }).assumeRole(role, callBy(alice, double.url));
    expect(outcomes()).toEqual(['AssumeRole SignatureDoesNotMatch', 'AssumeRole ok']);
    expect(Math.abs(credentials.issuedAt - double.now())).toBeLessThan(5000);
    expect(Math.abs(clock.toLocal(credentials.expiresAt) - (credentials.expiresAt + offMs))).toBeLessThan(5000);
  });

  it('a corrected clock signs rightly the first time', async () => {
    const sts = createSts({ clock: learningClock(-40 * minute) });
    await sts.getCallerIdentity(callBy(alice, double.url));
    await sts.getCallerIdentity(callBy(alice, double.url));
    expect(outcomes().filter((line) => line.endsWith('ok'))).toHaveLength(2);
    expect(outcomes()).toHaveLength(3);
  });

  it('a clock that cannot be corrected ends after the second try, with the minutes in words', async () => {
    const clock = { ...learningClock(-40 * minute), learn: () => undefined };
    await expect(createSts({ clock }).assumeRole(role, callBy(alice, double.url))).rejects.toMatchObject({
      code: 'aws-refused',
      message: expect.stringMatching(/this computer's clock is (39|40) minutes behind \(SignatureDoesNotMatch\)$/),
    });
    expect(outcomes()).toHaveLength(2);
  });

  it('an MFA code is risked only on a clock that a reply has set', async () => {
    const sts = createSts({ clock: learningClock(-40 * minute) });
    await sts.getSessionToken({ durationSeconds: 900, mfa: mfa() }, callBy(alice, double.url));
    expect(outcomes()).toEqual(['GetCallerIdentity SignatureDoesNotMatch', 'GetCallerIdentity ok', 'GetSessionToken ok']);
  });

  it('a clock that a reply has set lately needs no GetCallerIdentity before the code', async () => {
    const sts = createSts({ clock: learningClock() });
    await sts.getCallerIdentity(callBy(alice, double.url));
    await sts.assumeRole({ ...role, mfa: mfa() }, callBy(alice, double.url));
    expect(outcomes()).toEqual(['GetCallerIdentity ok', 'AssumeRole ok']);
  });

  it('an MFA code is never sent twice, whatever AWS says of the time', async () => {
    double.fault({
      kind: 'error',
      code: 'RequestExpired',
      message: 'Request has expired.',
      status: 400,
      operation: 'GetSessionToken',
    });
    const sts = createSts({ clock: learningClock() });
    await expect(sts.getSessionToken({ durationSeconds: 900, mfa: mfa() }, callBy(alice, double.url))).rejects.toMatchObject({
      message: expect.stringContaining("this computer's clock is off"),
    });
    expect(double.calls().GetSessionToken).toBe(1);
  });

  it('wrong keys show before the MFA code is spent', async () => {
    const sts = createSts({ clock: learningClock() });
    const call = callBy({ ...alice, secretAccessKey: 'wrong' }, double.url);
    await expect(sts.getSessionToken({ durationSeconds: 900, mfa: mfa() }, call)).rejects.toThrow(
      /secret access key does not belong/,
    );
    expect(double.calls().GetSessionToken).toBe(0);
  });

  it('a policy that forbids GetCallerIdentity does not stand in the way of a login', async () => {
    double.fault({ kind: 'error', code: 'AccessDenied', message: 'no', status: 403, operation: 'GetCallerIdentity' });
    const sts = createSts({ clock: learningClock() });
    await sts.getSessionToken({ durationSeconds: 900, mfa: mfa() }, callBy(alice, double.url));
    expect(outcomes().at(-1)).toBe('GetSessionToken ok');
  });
});
