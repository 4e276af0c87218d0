import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CertificatePaths } from '../../src/config/entry-hop.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { type AppError, isAppError, toAppError } from '../../src/errors.ts';
import type { CreateSessionCall, CreateSessionRequest } from '../../src/ports/roles-anywhere.ts';
import { createCertificates } from '../../src/system/certificate-files.ts';
import { createRolesAnywhere } from '../../src/system/roles-anywhere.ts';
import {
  type AnywhereWorld,
  aliceRoleArn,
  openAnywhereWorld,
  openProfileArn,
  profileArn,
  region,
  roleArn,
  trustAnchorArn,
} from '../harness/anywhere-world.ts';
import { type Issued, issue, makeAuthority } from '../harness/certificates.ts';
import { learningClock } from '../harness/sts-world.ts';

const day = 86_400_000;

describe('CreateSession', () => {
  let world: AnywhereWorld;
  let alice: Issued;
  let moved = 0;

  beforeAll(async () => {
    world = await openAnywhereWorld();
    alice = issue(world.directory, 'alice', world.authority);
  });
  afterAll(async () => world.close());
  beforeEach(() => {
    world.aws.advance(-moved);
    moved = 0;
    world.aws.setTrustAnchor({ arn: trustAnchorArn, authority: readFileSync(world.authority.certificate, 'utf8') });
  });

  const request: CreateSessionRequest = { trustAnchorArn, profileArn, roleArn, durationSeconds: 3600 };
  const advance = (ms: number) => {
    moved += ms;
    world.aws.advance(ms);
  };

  async function call(paths: CertificatePaths): Promise<CreateSessionCall> {
    const certificates = createCertificates({ home: world.directory, uid: process.getuid?.() });
    const identity = await certificates.open(paths, { profile: 'dev', passphrase: async () => undefined });
    const endpoint = { region, url: world.aws.url, useFips: false, useDualstack: false, useGlobal: false };
    return { identity, endpoint, network: {}, context: { profile: 'dev' } };
  }

  async function create(
    issued: Issued,
    more: {
      readonly request?: Partial<CreateSessionRequest>;
      readonly intermediates?: string;
      readonly clockOffMs?: number;
    } = {},
  ) {
    const paths = { certificate: issued.certificate, privateKey: issued.key };
    const intermediates = more.intermediates === undefined ? {} : { intermediates: more.intermediates };
    const clock = learningClock(more.clockOffMs);
    const made = await call({ ...paths, ...intermediates });
    return createRolesAnywhere({ clock }).createSession({ ...request, ...more.request }, made);
  }

  async function failure(made: Promise<unknown>): Promise<AppError> {
    return made.then(() => expect.fail('it should have been refused'), toAppError);
  }

  it.each(['rsa', 'ec'] as const)('gives credentials to a certificate with a key of kind %s', async (keyType) => {
    const issued = issue(world.directory, `kind-${keyType}`, world.authority, { keyType });
    const credentials = await create(issued);
    expect(credentials.accessKeyId).toBe(world.aws.log().at(-1)?.issuedAccessKeyId);
    expect(credentials.accountId).toBe('123456789012');
    expect(credentials.expiresAt - credentials.issuedAt).toBeGreaterThan(3590_000);
    expect(world.aws.log().at(-1)?.body).toBe('{"durationSeconds":3600}');
  });

  it('sends a serial number of twenty bytes in decimal', async () => {
    const serial = '1234567890123456789012345678901234567890123456';
    await create(issue(world.directory, 'long-serial', world.authority, { serial }));
    expect(world.aws.log().at(-1)?.outcome).toBe('ok');
  });

  it('sends the certificates between, and says so where they are missing', async () => {
    const issued = issue(world.directory, 'below', world.between);
    await create(issued, { intermediates: world.between.certificate });
    const error = await failure(create(issued));
    expect(error.message).toContain('the trust anchor does not know the issuer of CN=below');
    expect(error.hint).toContain('name their file as intermediates');
  });

  it('is sent to the region of its endpoint and of none else', async () => {
    const made = await call({ certificate: alice.certificate, privateKey: alice.key });
    const elsewhere = { ...made, endpoint: { ...made.endpoint, region: 'us-east-1' } };
    const error = await failure(createRolesAnywhere({ clock: learningClock() }).createSession(request, elsewhere));
    expect(error.message).toContain('Invalid signature');
  });

  it('names the session where the profile takes names, and explains where it does not', async () => {
    await create(alice, { request: { roleSessionName: 'laptop', profileArn: openProfileArn } });
    expect(world.aws.log().at(-1)?.body).toBe('{"durationSeconds":3600,"roleSessionName":"laptop"}');
    const error = await failure(create(alice, { request: { roleSessionName: 'laptop' } }));
    expect(error.hint).toContain('take role_session_name out of "dev"');
  });

  it.each([
    ['ahead', 40 * 60_000],
    ['behind', -40 * 60_000],
  ])('is tried once more, with the right time, where the clock is %s', async (_word, clockOffMs) => {
    const before = world.aws.log().length;
    const { expiresAt } = await create(alice, { clockOffMs });
    expect(world.aws.log().length - before).toBe(2);
    expect(Math.abs(expiresAt - (Date.now() + 3600_000))).toBeLessThan(30_000);
  });

  it('is not tried again where the clock is right', async () => {
    const before = world.aws.log().length;
    await failure(create(alice, { request: { roleArn: 'arn:aws:iam::123456789012:role/Other' } }));
    expect(world.aws.log().length - before).toBe(1);
  });

  it('says that the certificate has ended, by the clock of AWS', async () => {
    const issued = issue(world.directory, 'short', world.authority, { days: 2 });
    advance(3 * day);
    const error = await failure(create(issued));
    expect(error.message).toMatch(/the certificate of CN=short ended at \d{4}-/);
    expect(error.hint).toBe(`put a renewed one there: ${issued.certificate}`);
  });

  it('says that the certificate is not valid yet', async () => {
    advance(-2 * day);
    expect((await failure(create(alice))).message).toContain('is not valid before');
  });

  it('names the command where the trust anchor is switched off', async () => {
    world.aws.setTrustAnchor({
      arn: trustAnchorArn,
      authority: readFileSync(world.authority.certificate, 'utf8'),
      isEnabled: false,
    });
    const error = await failure(create(alice));
    expect(error.message).toContain(`the trust anchor ${trustAnchorArn} is switched off`);
    expect(error.hint).toContain(
      `aws rolesanywhere enable-trust-anchor --trust-anchor-id 11111111-2222-3333-4444-555555555555 --region ${region}`,
    );
  });

  it('has the trust policy ready where the role lets nobody in', async () => {
    const bob = issue(world.directory, 'bob', world.authority);
    const error = await failure(create(bob, { request: { roleArn: aliceRoleArn } }));
    expect(error.message).toContain(`Unable to assume role for ${aliceRoleArn}`);
    const more = isAppError(error, 'aws-refused') ? (error.details.more ?? []) : [];
    expect(JSON.parse(more.slice(1).join('\n'))).toMatchObject({
      Statement: [
        { Principal: { Service: 'rolesanywhere.amazonaws.com' }, Condition: { ArnEquals: { 'aws:SourceArn': trustAnchorArn } } },
      ],
    });
  });

  it.each([
    [
      'an anchor that is not there',
      { trustAnchorArn: trustAnchorArn.replace('1111', '2222') },
      'check trust_anchor_arn of "dev"',
    ],
    ['a profile that is not there', { profileArn: profileArn.replace('6666', '2222') }, 'check profile_arn of "dev"'],
    ['a duration', { durationSeconds: 60 }, 'check duration_seconds of "dev"'],
  ])('explains %s', async (_what, wrong, hint) => {
    expect((await failure(create(alice, { request: wrong }))).hint).toBe(hint);
  });

  it('is not fooled by a certificate of another authority with the same name', async () => {
    const impostor = makeAuthority(`${world.directory}`, 'impostor');
    const error = await failure(create(issue(world.directory, 'alice-of-impostor', impostor, { subject: '/CN=alice' })));
    expect(error.message).toContain('does not know the issuer');
    const ca = issue(world.directory, 'too-much', world.authority, { isAuthority: true });
    expect((await failure(create(ca))).message).toContain('is not of the kind that it takes');
  });

  it.each([
    ['a web page', { status: 200, body: '<html></html>' }, 'network', 'a web page'],
    ['half a document', { status: 201, body: '{"credentialSet":[{"cred' }, 'network', 'cut off'],
    [
      'half a set of credentials',
      { status: 201, body: '{"credentialSet":[{"credentials":{"accessKeyId":"A"}}]}' },
      'network',
      'no complete',
    ],
    ['no credentials', { status: 201, body: '{"credentialSet":[]}' }, 'network', 'no complete'],
    ['a list', { status: 201, body: '[]' }, 'network', 'no reply of IAM Roles Anywhere'],
    ['a gateway that is down', { status: 503, body: 'down' }, 'aws-refused', '503'],
    ['throttling', { status: 429, body: '{"message":"slow"}', errorType: 'ThrottlingException' }, 'aws-refused', 'slow'],
    ['trouble at AWS', { status: 500, body: '{"message":"oh"}', errorType: 'InternalServerException:x' }, 'aws-refused', 'oh'],
  ])('survives %s', async (_what, reply, code, words) => {
    world.aws.replyNext(reply);
    const error = await failure(create(alice));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.isTransient).toBe(true);
  });

  const credentials = { accessKeyId: 'A', secretAccessKey: 'B', sessionToken: 'C', expiration: '2020-01-01T00:00:00Z' };
  const ended = { status: 201, body: JSON.stringify({ credentialSet: [{ credentials }] }) };

  it('refuses credentials that have ended', async () => {
    for (let times = 0; times < 2; times++) world.aws.replyNext(ended);
    expect((await failure(create(alice))).message).toContain('have ended already');
  });

  it('asks once more where a reply was slept through until its credentials had ended', async () => {
    world.aws.replyNext(ended);
    expect((await create(alice)).accessKeyId).not.toBe(credentials.accessKeyId);
  });

  it('ends with its deadline, and with its caller', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    const made = await call({ certificate: alice.certificate, privateKey: alice.key });
    const nobody = { ...made, endpoint: { ...made.endpoint, url: `http://127.0.0.1:${address.port}` } };
    const late = await failure(createRolesAnywhere({ clock: learningClock(), deadlineMs: 100 }).createSession(request, nobody));
    expect(late.message).toBe(`CreateSession at 127.0.0.1:${address.port} took longer than 0.1 s`);
    const signal = AbortSignal.abort();
    const stopped = await failure(createRolesAnywhere({ clock: learningClock() }).createSession(request, { ...nobody, signal }));
    expect(stopped.code).toBe('interrupted');
    silent.close();
  });

  it.each([
    ['eu-central-1', {}, 'rolesanywhere.eu-central-1.amazonaws.com'],
    ['us-east-1', { useFips: true }, 'rolesanywhere-fips.us-east-1.amazonaws.com'],
    ['us-west-2', { useDualstack: true }, 'rolesanywhere.us-west-2.api.aws'],
    ['cn-north-1', {}, 'rolesanywhere.cn-north-1.amazonaws.com.cn'],
    ['eusc-de-east-1', {}, 'rolesanywhere.eusc-de-east-1.amazonaws.eu'],
  ])('goes to the host of AWS in %s %o', async (where, more, host) => {
    const made = await call({ certificate: alice.certificate, privateKey: alice.key });
    const endpoint = { region: where, useFips: false, useDualstack: false, useGlobal: false, ...more };
    const network = { httpsProxy: new Secret(world.aws.url) }; // which is none, so that nothing leaves this machine
    const error = await failure(
      createRolesAnywhere({ clock: learningClock() }).createSession(request, { ...made, endpoint, network }),
    );
    expect(error.message).toContain(`could not reach ${host}:`);
  });
});
