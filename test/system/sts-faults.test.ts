import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import type { Fault } from '../../src/sandbox/sts-double-faults.ts';
import { createSts } from '../../src/system/sts.ts';
import { alice, callBy, learningClock, openRole, startWorld } from '../harness/sts-world.ts';

const role = { roleArn: openRole.arn, roleSessionName: 'alice', durationSeconds: 3600 };

/** "Billion laughs": ten levels of ten. */
const bomb = `<!DOCTYPE l [<!ENTITY l0 "ha">${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')}]><l>&l9;</l>`;

describe('the STS adapter and bad replies', () => {
  let double: StsDouble;
  beforeEach(async () => {
    double = await startWorld();
  });
  afterEach(() => double.stop());

  async function failureOf(fault: Fault, deadlineMs = 5000): Promise<unknown> {
    double.fault(fault);
    const sts = createSts({ clock: learningClock(), deadlineMs });
    return sts.assumeRole(role, callBy(alice, double.url)).catch((error: unknown) => error);
  }

  const host = () => new URL(double.url).host;

  it.each<[string, Fault, string]>([
    ['a web page', { kind: 'html' }, 'it answered with a web page that is no reply of STS (HTTP status 200)'],
    [
      'a web page with an error status',
      { kind: 'html', status: 403 },
      'it answered with a web page that is no reply of STS (HTTP status 403)',
    ],
    ['garbage', { kind: 'garbage' }, 'it answered with something that is no reply of STS (HTTP status 200)'],
    ['nothing', { kind: 'empty' }, 'its reply is empty (HTTP status 200)'],
    ['half a reply', { kind: 'truncated' }, 'its reply was cut off'],
    ['a reply without end', { kind: 'flood' }, 'its reply is larger than any reply of STS'],
    ['a redirect', { kind: 'redirect', location: 'http://evil.example/x' }, 'it redirects to evil.example, which STS never does'],
    ['a connection that breaks', { kind: 'reset' }, 'the connection broke (ECONNRESET)'],
    [
      'credentials without a secret',
      { kind: 'edit', from: 'SecretAccessKey', to: 'Other' },
      'its reply holds no complete credentials',
    ],
    ['an empty session token', { kind: 'edit', from: '<SessionToken>', to: '<SessionToken/><X>' }, 'its reply could not be read'],
    ['an end in words', { kind: 'edit', from: '<Expiration>2', to: '<Expiration>soon' }, 'its reply could not be read'],
    [
      'an end that has passed',
      { kind: 'edit', from: '<Expiration>2', to: '<Expiration>1' },
      'its credentials have ended already',
    ],
  ])('%s is a network failure in words', async (_what, fault, problem) => {
    const failure = await failureOf(fault);
    expect(failure).toMatchObject({ code: 'network', details: { endpoint: host(), problem: expect.stringContaining(problem) } });
  });

  it('a load balancer without a backend is a passing trouble of AWS', async () => {
    const failure = await failureOf({ kind: 'html', status: 503 });
    expect(failure).toMatchObject({
      code: 'aws-refused',
      isTransient: true,
      message: expect.stringContaining('HTTP status 503'),
    });
  });

  it.each<[string, Fault]>([
    ['throttling', { kind: 'throttle' }],
    ['a fault of AWS', { kind: 'unavailable', status: 500 }],
    ['a service that is down', { kind: 'unavailable', status: 503 }],
    ['an identity provider that does not answer', { kind: 'error', code: 'IDPCommunicationError', message: 'x' }],
  ])('%s is passing, and not tried again here', async (_what, fault) => {
    expect(await failureOf(fault)).toMatchObject({ code: 'aws-refused', isTransient: true });
    expect(double.calls().AssumeRole).toBe(1);
  });

  it.each<[string, Fault]>([
    ['no answer', { kind: 'hang' }],
    ['an answer that drips', { kind: 'drip' }],
    ['a slow answer', { kind: 'slow', ms: 60_000 }],
  ])('%s ends at the deadline', async (_what, fault) => {
    const startedAt = performance.now();
    expect(await failureOf(fault, 300)).toMatchObject({
      code: 'deadline',
      details: { doing: `AssumeRole at ${host()}`, seconds: 0.3 },
    });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  const inserted = (xml: string): Fault => ({ kind: 'edit', from: '<AssumedRoleUser>', to: `${xml}<AssumedRoleUser>` });

  it.each<[string, Fault]>([
    [
      'a document type with entities of entities',
      { kind: 'edit', from: '<AssumeRoleResponse', to: `${bomb}<AssumeRoleResponse` },
    ],
    ['a document type in its midst', inserted(bomb)],
    ['more depth than any parser has stack', inserted(`${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`)],
    ['more depth, cut off', inserted('<a>'.repeat(200_000))],
    ['attributes without end', inserted(`<a ${'b="c" '.repeat(150_000)}/>`)],
    ['a comment that does not end', inserted(`<!--${'-'.repeat(900_000)}`)],
    ['entities without end', inserted(`<a>${'&#x41;'.repeat(150_000)}</a>`)],
    ['the names of what every object is born with', inserted('<__proto__><a>b</a></__proto__><constructor>c</constructor>')],
  ])('%s costs one reply, and neither the process nor its time', async (_what, fault) => {
    const outcome = await failureOf(fault, 10_000);
    // Either nothing of it matters and the credentials are whole, or it is no reply.
    expect(outcome).toMatchObject(
      outcome instanceof Error ? { code: 'network' } : { accessKeyId: expect.stringMatching(/^ASIA/) },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
    double.clearFaults();
    await expect(
      createSts({ clock: learningClock(), deadlineMs: 10_000 }).assumeRole(role, callBy(alice, double.url)),
    ).resolves.toBeDefined();
  });

  it('the deadline holds over both tries of a call', async () => {
    double.fault({ kind: 'error', code: 'RequestExpired', times: 1 });
    expect(await failureOf({ kind: 'hang' }, 300)).toMatchObject({ code: 'deadline' });
    expect(double.calls().AssumeRole).toBe(2);
  });

  it('a slow answer within the deadline is an answer', async () => {
    expect(await failureOf({ kind: 'slow', ms: 100 })).toMatchObject({ accountId: '222233334444' });
  });

  it('the signal of the call ends it as interrupted, or with the reason that it gives', async () => {
    double.fault({ kind: 'hang' });
    const sts = createSts({ clock: learningClock() });
    const ending = new AbortController();
    const pending = sts.assumeRole(role, callBy(alice, double.url, { signal: ending.signal }));
    setImmediate(() => ending.abort());
    await expect(pending).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('a call whose signal was aborted before is never made', async () => {
    const ended = callBy(alice, double.url, { signal: AbortSignal.abort() });
    await expect(createSts({ clock: learningClock() }).assumeRole(role, ended)).rejects.toMatchObject({ code: 'interrupted' });
    expect(double.calls().AssumeRole).toBe(0);
  });

  it.each(['ExpiredToken', 'RegionDisabledException', 'MalformedPolicyDocument', 'PackedPolicyTooLarge', 'OptInRequired'])(
    '%s keeps the name that AWS gave it',
    async (code) => {
      const failure = await failureOf({ kind: 'error', code, message: 'words of AWS' });
      expect(String(failure)).toContain(`(${code})`);
    },
  );

  it('a refusal full of control characters becomes one printable line of bounded length', async () => {
    const message = `\u001b[31mred\u202e ${'long '.repeat(1000)}\n\u0007`;
    const failure = await failureOf({ kind: 'error', code: 'Strange', message });
    expect(failure).toMatchObject({ code: 'aws-refused', message: expect.stringMatching(/^[ -~…]{20,400}$/) });
  });

  // Both came back in messages, and lay in the state from then on: AWS explains a wrong signature with the headers that it got.
  it.each(['message', 'code'])('a refusal that says back what was sent shows no secret of the caller (%s)', async (where) => {
    const sessionToken = 'a+session/token=='.repeat(20);
    const echo = `x-amz-security-token:${sessionToken} ${alice.secretAccessKey}`;
    double.fault({ kind: 'error', ...(where === 'code' ? { code: echo } : { code: 'Strange', message: echo }) });
    const call = callBy(alice, double.url);
    const caller = { ...call.caller, sessionToken: new Secret(sessionToken) };
    const failure = await createSts({ clock: learningClock(), deadlineMs: 5000 })
      .assumeRole(role, { ...call, caller })
      .catch((error: unknown) => error);
    expect(String(failure)).toContain('x-amz-security-token:[secret] [secret]');
    expect(JSON.stringify(failure)).not.toMatch(/a\+session|alice\/secret/);
  });

  // A host is written in small letters, and in pieces of 63 at most.
  it('a redirect to a host of what was sent shows none of it', async () => {
    const sessionToken = 'FwoGZXIvYXdzEXAMPLEtokenOfSomeLength';
    double.fault({ kind: 'redirect', location: `https://${sessionToken}.evil.example/` });
    const call = callBy(alice, double.url);
    const caller = { ...call.caller, sessionToken: new Secret(sessionToken) };
    const failure = await createSts({ clock: learningClock(), deadlineMs: 5000 })
      .assumeRole(role, { ...call, caller })
      .catch((error: unknown) => error);
    expect(String(failure)).toContain('it redirects to [secret].evil.example, which STS never does');
    expect(JSON.stringify(failure)).not.toMatch(/example?token/i);
  });

  it('no failure shows a secret', async () => {
    const secrets = [alice.secretAccessKey];
    for (const kind of ['html', 'garbage', 'truncated', 'reset', 'throttle'] as const) {
      double.clearFaults();
      const failure = await failureOf({ kind });
      const shown = JSON.stringify(failure) + String(failure) + (failure instanceof Error ? String(failure.stack) : '');
      expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
    }
  });
});
