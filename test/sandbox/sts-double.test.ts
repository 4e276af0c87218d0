import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type Credentials,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import { decodeSeed, stepAt, totpCode } from '../../src/sandbox/totp.ts';
import { alice, bob, mfaRole, nextRole, openRole, startWorld } from '../harness/sts-world.ts';

const serial = alice.mfa?.serial;
const seed = decodeSeed(alice.mfa?.seed ?? '');

describe('the STS double', () => {
  let double: StsDouble;
  let clients: STSClient[];
  beforeEach(async () => {
    double = await startWorld();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    await double.stop();
  });

  interface Caller {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  }

  function client(
    { accessKeyId, secretAccessKey, sessionToken }: Caller,
    more: { region?: string; systemClockOffset?: number } = {},
  ): STSClient {
    const made = new STSClient({
      region: 'eu-west-1',
      endpoint: double.url,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
      maxAttempts: 1,
      ...more,
    });
    clients.push(made);
    return made;
  }

  function callerOf(credentials: Credentials | undefined): Caller {
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }

  const identity = (caller: Caller, more: Parameters<typeof client>[1] = {}) =>
    client(caller, more).send(new GetCallerIdentityCommand());
  const session = (code?: string, serialNumber = serial) =>
    client(alice).send(new GetSessionTokenCommand(code === undefined ? {} : { SerialNumber: serialNumber, TokenCode: code }));
  const role = (caller: Caller, input: Partial<AssumeRoleCommandInput> = {}) =>
    client(caller).send(new AssumeRoleCommand({ RoleArn: openRole.arn, RoleSessionName: 'test', ...input }));
  const mfaSession = async () => callerOf((await session(double.totp('alice'))).Credentials);
  const codeAt = (steps: number) => totpCode(seed, stepAt(double.now()) + steps);

  const accessDenied = (message: string) => ({ name: 'AccessDenied', message, $metadata: { httpStatusCode: 403 } });
  const notAuthorized = (arn: string, roleArn: string, action = 'sts:AssumeRole') =>
    accessDenied(`User: ${arn} is not authorized to perform: ${action} on resource: ${roleArn}`);

  describe('who signed', () => {
    it('tells users and role sessions apart as AWS does', async () => {
      expect(await identity(alice)).toMatchObject({
        Arn: alice.arn,
        Account: '123456789012',
        UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      });
      const { Credentials: credentials, AssumedRoleUser: user } = await role(alice);
      expect(user).toEqual({
        Arn: 'arn:aws:sts::222233334444:assumed-role/Open/test',
        AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:test$/),
      });
      expect(await identity(callerOf(credentials))).toMatchObject({ Arn: user?.Arn, UserId: user?.AssumedRoleId });
      expect(credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    });

    it.each<[string, Partial<Caller>, string, string]>([
      [
        'a wrong secret',
        { secretAccessKey: 'wrong' },
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match',
      ],
      [
        'an unknown key',
        { accessKeyId: 'AKIAUNKNOWN000000000' },
        'InvalidClientTokenId',
        'The security token included in the request is invalid.',
      ],
      [
        'a token with long-term keys',
        { sessionToken: 'x' },
        'InvalidClientTokenId',
        'The security token included in the request is invalid.',
      ],
    ])('refuses %s', async (_what, change, name, message) => {
      await expect(identity({ ...alice, ...change })).rejects.toMatchObject({
        name,
        message: expect.stringContaining(message),
        $metadata: { httpStatusCode: 403 },
      });
    });

    it('refuses a session with a wrong token or none', async () => {
      const caller = callerOf((await role(alice)).Credentials);
      const { sessionToken: _token, ...without } = caller;
      await expect(identity({ ...caller, sessionToken: 'other' })).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
      await expect(identity(without)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    });

    it('refuses a request that was changed after it was signed', async () => {
      const tampering = client(alice);
      tampering.middlewareStack.add(
        (next) => async (args) => {
          const request: unknown = args.request;
          if (typeof request === 'object' && request !== null && 'body' in request)
            request.body = String(request.body).replace('06-15', '06-16');
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
      );
      await expect(tampering.send(new GetSessionTokenCommand())).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    });

    it.each([
      ['without a signature', {}, 403, 'MissingAuthenticationToken'],
      ['with half a signature', { authorization: 'AWS4-HMAC-SHA256 Credential=x' }, 400, 'IncompleteSignature'],
    ])('refuses a request %s', async (_what, headers, status, code) => {
      const response = await fetch(double.url, { method: 'POST', body: 'Action=GetCallerIdentity&Version=2011-06-15', headers });
      expect(response.status).toBe(status);
      expect(await response.text()).toContain(`<Code>${code}</Code>`);
    });

    it('refuses a signature that leaves out the host or an AWS header', async () => {
      const ask = async (signedHeaders: string, headers: Record<string, string>) => {
        const scope = `${alice.accessKeyId}/20260102/eu-west-1/sts/aws4_request`;
        const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signedHeaders}, Signature=${'0'.repeat(64)}`;
        const sent = { authorization, 'x-amz-date': '20260102T030405Z', ...headers };
        return (await fetch(double.url, { method: 'POST', headers: sent })).text();
      };
      expect(await ask('x-amz-date', {})).toContain("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
      expect(await ask('host;x-amz-date', { 'x-amz-security-token': 'x' })).toContain(
        "'x-amz-security-token' must be a 'SignedHeader'",
      );
    });

    it('refuses a signature out of time, in both directions and in words that SDKs know', async () => {
      await expect(identity(alice, { systemClockOffset: -16 * 60_000 })).rejects.toMatchObject({
        name: 'SignatureDoesNotMatch',
        message: expect.stringMatching(
          /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
        ),
      });
      await expect(identity(alice, { systemClockOffset: 16 * 60_000 })).rejects.toMatchObject({
        message: expect.stringMatching(
          /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 15 min\.\)$/,
        ),
      });
      await expect(identity(alice, { systemClockOffset: -14 * 60_000 })).resolves.toBeDefined();
    });

    it('knows only the regions that it was given', async () => {
      const other = await startWorld({ regions: ['us-east-1'], skewMinutes: 5 });
      const send = (region: string, systemClockOffset = 0) => {
        const made = new STSClient({ region, endpoint: other.url, credentials: alice, maxAttempts: 1, systemClockOffset });
        clients.push(made);
        return made.send(new GetCallerIdentityCommand());
      };
      await expect(send('us-east-1')).resolves.toBeDefined();
      await expect(send('xx-nowhere-1')).rejects.toMatchObject({ message: 'Credential should be scoped to a valid region. ' });
      await expect(send('us-east-1', -6 * 60_000)).rejects.toMatchObject({ message: expect.stringContaining('- 5 min.)') });
      await other.stop();
    });

    it('forgets a key that was revoked', async () => {
      const caller = callerOf((await role(alice)).Credentials);
      double.revoke(caller.accessKeyId);
      await expect(identity(caller)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    });
  });

  describe('its clock', () => {
    it('ends credentials at their time', async () => {
      const caller = callerOf((await role(alice, { DurationSeconds: 900 })).Credentials);
      double.advance(899_000);
      const skewed = { systemClockOffset: 899_000 };
      await expect(identity(caller, skewed)).resolves.toBeDefined();
      double.advance(2000);
      await expect(identity(caller, skewed)).rejects.toMatchObject({
        name: 'ExpiredToken',
        message: 'The security token included in the request is expired',
      });
    });

    it('stamps every reply', async () => {
      double.advance(-3_600_000);
      const response = await fetch(double.url, { method: 'POST' });
      const date = Date.parse(response.headers.get('date') ?? '');
      expect(Math.abs(date - (Date.now() - 3_600_000))).toBeLessThan(5000);
    });
  });

  describe('MFA', () => {
    const invalidCode = accessDenied('MultiFactorAuthentication failed with invalid MFA one time pass code. ');

    it('takes the codes before, of and after now, each once', async () => {
      for (const steps of [-1, 0, 1]) await expect(session(codeAt(steps))).resolves.toBeDefined();
      for (const steps of [-1, 0, 1]) await expect(session(codeAt(steps))).rejects.toMatchObject(invalidCode);
    });

    it('refuses older and later codes', async () => {
      for (const steps of [-3, 3]) await expect(session(codeAt(steps))).rejects.toMatchObject(invalidCode);
    });

    it('totp gives a code that was not used, as long as there is one', async () => {
      await session(double.totp('alice'));
      await session(double.totp(alice.arn));
      expect(() => double.totp('alice')).toThrow(/advance the clock/);
      double.advance(60_000);
      await expect(session(double.totp('alice'))).resolves.toBeDefined();
      expect(() => double.totp('bob')).toThrow(/no MFA device/);
    });

    it('refuses the serial of another device, and a code without a serial', async () => {
      await expect(session(codeAt(0), 'arn:aws:iam::123456789012:mfa/bob')).rejects.toMatchObject(
        accessDenied(
          'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user. ',
        ),
      );
      await expect(client(alice).send(new GetSessionTokenCommand({ TokenCode: codeAt(0) }))).rejects.toMatchObject({
        message: 'MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ',
      });
    });

    it('opens a role that asks for it: in the call itself, or through the session', async () => {
      const guarded = { RoleArn: mfaRole.arn };
      await expect(role(alice, guarded)).rejects.toMatchObject(notAuthorized(alice.arn, mfaRole.arn));
      await expect(role(callerOf((await session()).Credentials), guarded)).rejects.toMatchObject({ name: 'AccessDenied' });
      await expect(role(alice, { ...guarded, SerialNumber: serial, TokenCode: double.totp('alice') })).resolves.toBeDefined();
      await expect(role(await mfaSession(), guarded)).resolves.toBeDefined();
    });
  });

  describe('what is allowed', () => {
    it('a session cannot make another', async () => {
      const caller = await mfaSession();
      await expect(client(caller).send(new GetSessionTokenCommand())).rejects.toMatchObject(
        accessDenied('Cannot call GetSessionToken with session credentials'),
      );
    });

    it('another account’s role needs the caller’s policy as well as its own trust', async () => {
      await expect(role(bob)).rejects.toMatchObject(notAuthorized(bob.arn, openRole.arn));
      const stranger = 'arn:aws:iam::222233334444:role/Stranger';
      await expect(role(alice, { RoleArn: stranger })).rejects.toMatchObject(notAuthorized(alice.arn, stranger));
    });

    it('within one account a trust policy that names the user is enough', async () => {
      const arn = 'arn:aws:iam::123456789012:role/Own';
      const other = await startWorld({ roles: [{ arn, trust: [{ principals: [bob.arn] }] }] });
      const made = new STSClient({ region: 'eu-west-1', endpoint: other.url, credentials: bob, maxAttempts: 1 });
      clients.push(made);
      await expect(made.send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'bob' }))).resolves.toBeDefined();
      await other.stop();
    });

    it('another account’s role that names the user still needs the user’s policy', async () => {
      const arn = 'arn:aws:iam::222233334444:role/Named';
      const other = await startWorld({ roles: [{ arn, trust: [{ principals: [bob.arn] }] }] });
      const made = new STSClient({ region: 'eu-west-1', endpoint: other.url, credentials: bob, maxAttempts: 1 });
      clients.push(made);
      const asked = made.send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'bob' }));
      await expect(asked).rejects.toMatchObject(notAuthorized(bob.arn, arn));
      await other.stop();
    });

    it('the MFA of a call does not reach past its role', async () => {
      const arn = 'arn:aws:iam::222233334444:role/Second';
      const trust = [{ principals: [mfaRole.arn], needsMfa: true }];
      const other = await startWorld({ roles: [mfaRole, { arn, trust }] });
      const ask = (caller: Caller, input: AssumeRoleCommandInput) => {
        const { accessKeyId, secretAccessKey, sessionToken } = caller;
        const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
        const made = new STSClient({ region: 'eu-west-1', endpoint: other.url, credentials, maxAttempts: 1 });
        clients.push(made);
        return made.send(new AssumeRoleCommand(input));
      };
      const code = { SerialNumber: serial, TokenCode: other.totp('alice') };
      const first = await ask(alice, { RoleArn: mfaRole.arn, RoleSessionName: 'a1', ...code });
      await expect(ask(callerOf(first.Credentials), { RoleArn: arn, RoleSessionName: 'a1' })).rejects.toMatchObject({
        name: 'AccessDenied',
      });
      await other.stop();
    });

    it('a chained role needs its own policy, the trust of the next role and the ExternalId', async () => {
      const hub = callerOf((await role(await mfaSession(), { RoleArn: mfaRole.arn })).Credentials);
      const next = { RoleArn: nextRole.arn };
      const hubArn = 'arn:aws:sts::222233334444:assumed-role/Guarded/test';
      await expect(role(hub, next)).rejects.toMatchObject(notAuthorized(hubArn, nextRole.arn));
      await expect(role(hub, { ...next, ExternalId: 'ext-2' })).rejects.toMatchObject({ name: 'AccessDenied' });
      await expect(role(hub, { ...next, ExternalId: 'ext-1' })).resolves.toBeDefined();
      await expect(role(hub)).rejects.toMatchObject({ name: 'AccessDenied' });
    });

    it('tags and a source identity need their own actions', async () => {
      const arn = 'arn:aws:iam::222233334444:role/Plain';
      const trust = [{ principals: ['*'], actions: ['sts:AssumeRole'] }];
      const other = await startWorld({ roles: [{ arn, trust }] });
      const made = new STSClient({ region: 'eu-west-1', endpoint: other.url, credentials: alice, maxAttempts: 1 });
      clients.push(made);
      const ask = (input: Partial<AssumeRoleCommandInput>) =>
        made.send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'a1', ...input }));
      await expect(ask({})).resolves.toBeDefined();
      await expect(ask({ Tags: [{ Key: 'a', Value: 'b' }] })).rejects.toMatchObject(
        notAuthorized(alice.arn, arn, 'sts:TagSession'),
      );
      await expect(ask({ SourceIdentity: 'alice' })).rejects.toMatchObject(
        notAuthorized(alice.arn, arn, 'sts:SetSourceIdentity'),
      );
      await other.stop();
    });

    it('a source identity sticks over chaining and cannot be changed', async () => {
      const code = { SerialNumber: serial, TokenCode: double.totp('alice') };
      const first = await role(alice, { RoleArn: mfaRole.arn, SourceIdentity: 'alice', ...code });
      const hub = callerOf(first.Credentials);
      const next = { RoleArn: nextRole.arn, ExternalId: 'ext-1' };
      expect(await role(hub, next)).toMatchObject({ SourceIdentity: 'alice' });
      await expect(role(hub, { ...next, SourceIdentity: 'bob' })).rejects.toMatchObject({ name: 'AccessDenied' });
    });
  });

  describe('limits', () => {
    it.each<[string, Partial<AssumeRoleCommandInput>, string]>([
      [
        '899 seconds',
        { DurationSeconds: 899 },
        "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
      ],
      [
        '43201 seconds',
        { DurationSeconds: 43_201 },
        "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
      ],
      [
        'more than the role allows',
        { DurationSeconds: 3601 },
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      ],
      ['a blank in the session name', { RoleSessionName: 'a b' }, "at 'roleSessionName' failed to satisfy constraint"],
      ['a short code', { SerialNumber: serial, TokenCode: '12345' }, "at 'tokenCode' failed to satisfy constraint"],
    ])('refuses %s', async (_what, input, message) => {
      await expect(role(alice, input)).rejects.toMatchObject({
        name: 'ValidationError',
        message: expect.stringContaining(message),
        $metadata: { httpStatusCode: 400 },
      });
    });

    it('a role that allows more gives more, but one hour behind a session', async () => {
      const long = { RoleArn: mfaRole.arn, DurationSeconds: 14_400 };
      const { Credentials: credentials } = await role(alice, { ...long, SerialNumber: serial, TokenCode: double.totp('alice') });
      expect(Math.round(((credentials?.Expiration?.getTime() ?? 0) - double.now()) / 60_000)).toBe(240);
      await expect(role(await mfaSession(), long)).rejects.toMatchObject({
        message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      });
    });

    it('policies must be JSON, and not too much of it', async () => {
      await expect(role(alice, { Policy: '{no' })).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
      const PolicyArns = Array.from({ length: 10 }, (_, index) => ({
        arn: `arn:aws:iam::aws:policy/${'x'.repeat(200)}${index}`,
      }));
      await expect(role(alice, { PolicyArns })).rejects.toMatchObject({ name: 'PackedPolicyTooLargeException' });
      expect((await role(alice, { Policy: '{"Version":"2012-10-17"}' })).PackedPolicySize).toBe(1);
    });
  });

  describe('faults and the log', () => {
    it('a fault hits as many calls of its operation as it was told to', async () => {
      double.fault({ kind: 'throttle', operation: 'AssumeRole', times: 1 });
      await identity(alice);
      await expect(role(alice)).rejects.toMatchObject({ name: 'Throttling', message: 'Rate exceeded' });
      await expect(role(alice)).resolves.toBeDefined();
      double.fault({ kind: 'error', code: 'RegionDisabledException', message: 'off', status: 403 });
      await expect(identity(alice)).rejects.toMatchObject({ name: 'RegionDisabledException', message: 'off' });
      double.clearFaults();
      await expect(identity(alice)).resolves.toBeDefined();
    });

    it('counts what it received, and tells what came of it without a secret', async () => {
      await session(double.totp('alice'));
      await expect(role(bob)).rejects.toThrow();
      double.fault({ kind: 'unavailable', status: 503, times: 1 });
      await expect(role(alice)).rejects.toThrow();
      const caller = callerOf((await role(alice)).Credentials);
      expect(double.calls()).toMatchObject({ AssumeRole: 3, GetSessionToken: 1, GetCallerIdentity: 0 });
      expect(double.log().map(({ operation, outcome }) => [operation, outcome])).toEqual([
        ['GetSessionToken', 'ok'],
        ['AssumeRole', 'AccessDenied'],
        ['AssumeRole', 'fault unavailable'],
        ['AssumeRole', 'ok'],
      ]);
      expect(double.log().at(-1)).toMatchObject({
        callerArn: alice.arn,
        issuedAccessKeyId: caller.accessKeyId,
        region: 'eu-west-1',
      });
      const text = JSON.stringify(double.log());
      for (const secret of ['TokenCode', alice.secretAccessKey, caller.secretAccessKey, caller.sessionToken])
        expect(text).not.toContain(secret);
    });

    it('stop ends calls that hang', async () => {
      double.fault({ kind: 'hang' });
      const pending = expect(identity(alice)).rejects.toThrow();
      while (double.calls().GetCallerIdentity === 0) await new Promise((resolve) => setImmediate(resolve));
      await double.stop();
      await pending;
    });
  });
});
