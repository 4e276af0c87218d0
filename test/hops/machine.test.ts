import { beforeEach, describe, expect, it } from 'vitest';
import { beforeEntry, type ContainerHop, type InstanceHop } from '../../src/config/entry-hop.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { requestMachine } from '../../src/hops/machine.ts';
import type { LinkReply } from '../../src/ports/link.ts';
import { call, type EntryWorld, entryWorld } from './entry-world.ts';

const url = 'http://169.254.169.254';
const roles = `GET ${url}/latest/meta-data/iam/security-credentials/`;
const tokenPlace = `PUT ${url}/latest/api/token`;
const instance: InstanceHop = { kind: 'machine', service: 'Ec2InstanceMetadata', url, isForbidden: false, allowsV1: false };

let world: EntryWorld;
beforeEach(() => {
  world = entryWorld();
});

function ok(body: string): LinkReply {
  return { kind: 'reply', status: 200, body };
}

function documentText(more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    AccessKeyId: 'ASIAMACHINE',
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: new Date(world.clock.now() + 6 * 3_600_000).toISOString(),
    ...more,
  });
}

describe('an instance', () => {
  beforeEach(() => {
    world.link.set(tokenPlace, ok('session-token=='));
    world.link.set(roles, ok('Web\n'));
    world.link.set(`${roles}Web`, ok(documentText({ Code: 'Success', AccountId: '123456789012' })));
  });

  const ask = (hop: InstanceHop = instance) => requestMachine(hop, call, world.ports);

  it('gives the credentials of its role, by version 2', async () => {
    expect(await ask()).toMatchObject({
      accessKeyId: 'ASIAMACHINE',
      issuedAt: world.clock.now(),
      expiresAt: world.clock.now() + 6 * 3_600_000,
      accountId: '123456789012',
    });
    expect(world.asked.map(({ headers }) => headers)).toEqual([
      { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
      { 'x-aws-ec2-metadata-token': new Secret('session-token==') },
      { 'x-aws-ec2-metadata-token': new Secret('session-token==') },
    ]);
  });

  it.each([
    [{ kind: 'reply', status: 405, body: '' }, 'it gives no session token (HTTP status 405)'],
    [{ kind: 'reply', status: 400, body: '' }, 'it gives no session token (HTTP status 400)'],
    [{ kind: 'reply', status: 200, body: 'two\r\nlines' }, 'it gives no session token (HTTP status 200)'],
    [{ kind: 'problem', problem: 'no answer in 1 s' }, 'no answer in 1 s'],
  ] as const)('never falls back to version 1 by itself: %o', async (reply, problem) => {
    world.link.set(tokenPlace, reply);
    await expect(ask()).rejects.toMatchObject({ code: 'machine-failed', message: expect.stringContaining(problem) });
    expect(world.asked).toHaveLength(1);
  });

  it.each([403, 404, 405])('takes version 1 where the person allows it: HTTP status %d', async (status) => {
    world.link.set(tokenPlace, { kind: 'reply', status, body: '' });
    expect(await ask({ ...instance, allowsV1: true })).toMatchObject({ accessKeyId: 'ASIAMACHINE' });
    expect(world.asked.slice(1).map(({ headers }) => headers)).toEqual([{}, {}]);
  });

  it('is not asked where that is forbidden', async () => {
    await expect(ask({ ...instance, isForbidden: true })).rejects.toThrow('AWS_EC2_METADATA_DISABLED');
    expect(world.asked).toEqual([]);
  });

  it('says that it has no role', async () => {
    world.link.set(roles, { kind: 'reply', status: 404, body: '<html>' });
    await expect(ask()).rejects.toThrow('no role is attached to this instance');
  });

  it.each(['', '../../user-data', 'a b', '<html>'])('does not go on with %j as a role', async (body) => {
    world.link.set(roles, ok(body));
    await expect(ask()).rejects.toThrow('it names no role');
    expect(world.asked).toHaveLength(2);
  });

  it('that says its token back does not get it shown', async () => {
    world.link.set(`${roles}Web`, ok(JSON.stringify({ Code: 'Bad session-token==' })));
    await expect(ask()).rejects.toMatchObject({ message: expect.stringMatching(/it says Bad \[secret\]$/) });
  });

  it.each([
    ['no JSON', 'it is <html>', 'no JSON object'],
    ['a refusal', JSON.stringify({ Code: 'AssumeRoleUnauthorizedAccess' }), 'it says AssumeRoleUnauthorizedAccess'],
    [
      'no token',
      JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 's', Expiration: '2030-01-01T00:00:00Z' }),
      'no complete credentials',
    ],
    ['no time', JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 's', Token: 't', Expiration: 'soon' }), 'no readable end'],
    [
      'a token of two lines',
      JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 's', Token: 't\nexport X=1', Expiration: '2030-01-01T00:00:00Z' }),
      'no complete credentials',
    ],
    // The SDK would give them a new end of its own making.
    [
      'the past',
      JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 's', Token: 't', Expiration: '2001-01-01T00:00:00Z' }),
      'ended already',
    ],
  ])('a document with %s is no credentials', async (_what, body, problem) => {
    world.link.set(`${roles}Web`, ok(body));
    await expect(ask()).rejects.toThrow(problem);
  });
});

describe('a container', () => {
  const place = 'http://169.254.170.2/v2/credentials/1';
  const hop: ContainerHop = { kind: 'machine', service: 'EcsContainer', url: place };
  const ask = (more: Partial<ContainerHop> = {}) => requestMachine({ ...hop, ...more }, call, world.ports);
  beforeEach(() => void world.link.set(`GET ${place}`, ok(documentText())));

  it('gives the credentials of its role', async () => {
    expect(await ask()).toMatchObject({ accessKeyId: 'ASIAMACHINE' });
    expect(world.asked[0]?.headers).toEqual({});
  });

  it('sends the token of the environment', async () => {
    const token = new Secret('Basic abc');
    await ask({ authorization: { kind: 'value', token, digest: '' } });
    expect(world.asked[0]?.headers).toEqual({ authorization: token });
  });

  it.each([
    ['a token of the environment', { kind: 'value', token: new Secret('Basic abcdefgh'), digest: '' }],
    ['a token of a file', { kind: 'file', path: '/token' }],
  ] as const)('that says back %s does not get it shown', async (_what, authorization) => {
    world.files.set('/token', 'Basic abcdefgh');
    world.link.set(`GET ${place}`, ok(JSON.stringify({ Code: 'no Basic abcdefgh' })));
    await expect(ask({ authorization })).rejects.toMatchObject({ message: expect.stringMatching(/it says no \[secret\]$/) });
  });

  // Who knows the path of a task's endpoint is given the role of the task.
  it('is named in failures without its path', async () => {
    world.link.set(`GET ${place}`, { kind: 'reply', status: 500, body: '' });
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toMatchObject({ details: { service: "the container's credentials endpoint at http://169.254.170.2" } });
    expect(JSON.stringify(failure)).not.toContain('/v2/');
    expect(beforeEntry(hop)).toBe("the container's credentials endpoint at http://169.254.170.2 is asked"); // of \`explain\`
  });

  it('reads the token file anew each time', async () => {
    const authorization = { kind: 'file', path: '/token' } as const;
    const sent = (index: number) => {
      const header = world.asked[index]?.headers['authorization'];
      return header instanceof Secret ? header.reveal() : header;
    };
    world.files.set('/token', 'one\n');
    await ask({ authorization });
    world.files.set('/token', 'two');
    await ask({ authorization });
    expect([sent(0), sent(1)]).toEqual(['one', 'two']);
  });

  it.each([
    ['absent', undefined, 'there is no such file'],
    ['empty', '', 'it holds no token of one line'],
    ['of two lines', 'a\r\nHost: b', 'it holds no token of one line'],
  ])('a token file that is %s is not sent', async (_what, text, problem) => {
    if (text !== undefined) world.files.set('/token', text);
    await expect(ask({ authorization: { kind: 'file', path: '/token' } })).rejects.toThrow(`/token: ${problem}`);
    expect(world.asked).toEqual([]);
  });

  it.each([
    [401, 'it refuses the token (HTTP status 401)'],
    [302, 'it answered with HTTP status 302'],
    [500, 'it answered with HTTP status 500'],
  ])('HTTP status %d is a failure in words', async (status, problem) => {
    world.link.set(`GET ${place}`, { kind: 'reply', status, body: documentText() });
    await expect(ask()).rejects.toThrow(problem);
  });

  it('that is none says which variable is missing', async () => {
    const { url: _none, ...bare } = hop;
    await expect(requestMachine(bare, call, world.ports)).rejects.toMatchObject({
      code: 'environment-lacks',
      message: expect.stringContaining(
        'neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set',
      ),
    });
  });
});
