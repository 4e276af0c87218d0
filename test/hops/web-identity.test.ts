import { beforeEach, describe, expect, it } from 'vitest';
import type { WebIdentityHop } from '../../src/config/entry-hop.ts';
import { AppError } from '../../src/errors.ts';
import { requestWebIdentity } from '../../src/hops/web-identity.ts';
import { openIdentityProvider } from '../harness/identity-provider.ts';
import { call, type EntryWorld, endpoint, entryWorld } from './entry-world.ts';

const path = '/var/run/token';
const hop: WebIdentityHop = {
  kind: 'web-identity',
  token: { kind: 'file', path },
  request: { roleArn: 'arn:aws:iam::222233334444:role/Pod', durationSeconds: 3600 },
  endpoint,
};
const token = openIdentityProvider().token();

let world: EntryWorld;
beforeEach(() => {
  world = entryWorld();
  world.files.set(path, token);
});

const ask = (one: WebIdentityHop = hop) => requestWebIdentity(one, call, { ...world.ports, defaultSessionName: 'rolekeeper-me' });
const sent = () => world.sts.calls.flatMap((each) => (each.operation === 'AssumeRoleWithWebIdentity' ? [each] : []));

/** Each of them begins only when the one before it has ended. */
async function outwaitPauses(): Promise<void> {
  for (const ms of [0, 250, 750]) await world.clock.advance(ms);
}

/** STS's own, by its code. */
function refusal(awsCode: string): AppError {
  return new AppError('aws-refused', { doing: 'it', awsCode, words: awsCode, hint: '', isTransient: false });
}

describe('requestWebIdentity', () => {
  it('sends the token of the file, and the name of the person where the profile has none', async () => {
    expect(await ask()).toMatchObject({ accessKeyId: 'ASIA0001' });
    expect(sent()[0]?.request.token.reveal()).toBe(token);
    expect(sent()[0]?.request).toMatchObject({ roleSessionName: 'rolekeeper-me', durationSeconds: 3600 });
    await ask({ ...hop, request: { ...hop.request, roleSessionName: 'pod' } });
    expect(sent()[1]?.request.roleSessionName).toBe('pod');
  });

  it('reads the token again for each call', async () => {
    await ask();
    world.files.set(path, 'another\n');
    await ask();
    expect(sent()[1]?.request.token.reveal()).toBe('another');
  });

  it('runs the program of web_identity_token_process for each call', async () => {
    world.outputs.set('print-token', `${token}\n`);
    await ask({ ...hop, token: { kind: 'process', command: 'print-token', namedIn: 'config' } });
    expect(sent()[0]?.request.token.reveal()).toBe(token);
    expect(world.runs).toMatchObject([
      { setting: 'web_identity_token_process', wanted: 'token', profile: 'dev', showsStderr: false },
    ]);
  });

  it('the agent, which runs no programs, says that one is needed', async () => {
    const { programs: _none, ...ports } = world.ports;
    const one: WebIdentityHop = { ...hop, token: { kind: 'process', command: 'print-token', namedIn: 'config' } };
    await expect(requestWebIdentity(one, call, { ...ports, defaultSessionName: 'me' })).rejects.toMatchObject({
      code: 'program-needed',
    });
  });

  it('tries again when AWS could not reach the identity provider, twice, and then says so', async () => {
    world.sts.failNext(refusal('IDPCommunicationError'));
    world.sts.failNext(refusal('IDPCommunicationError'));
    const asking = ask();
    await outwaitPauses();
    expect(await asking).toMatchObject({ accessKeyId: 'ASIA0003' });
    for (let tries = 0; tries < 3; tries++) world.sts.failNext(refusal('IDPCommunicationError'));
    const failing = ask().catch((error: unknown) => error);
    await outwaitPauses();
    expect(await failing).toMatchObject({ details: { awsCode: 'IDPCommunicationError' } });
    expect(sent()).toHaveLength(6);
  });

  it('tries no other refusal again', async () => {
    world.sts.failNext(refusal('InvalidIdentityToken'));
    await expect(ask()).rejects.toThrow('InvalidIdentityToken');
    expect(sent()).toHaveLength(1);
  });

  it('a refusal can be explained with what the token says, never with the token', async () => {
    await ask();
    const { identity } = sent()[0]?.call.context ?? {};
    expect(identity).toEqual({
      from: `web_identity_token_file, ${path}`,
      says: 'issued by https://issuer.example, for sts.amazonaws.com, subject pod:one',
    });
    expect(JSON.stringify(sent())).not.toContain(token.split('.')[2]);
  });

  it.each([
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['x'.repeat(20_001), 'it is longer than 20000 characters'],
    ['<html>not found</html> or so', 'it is no token'],
    ['\u0000\u0001', 'it is no token'],
  ])('a file with %j is not sent', async (text, problem) => {
    world.files.set(path, text);
    await expect(ask()).rejects.toMatchObject({
      code: 'identity-unusable',
      message: expect.stringContaining(`the web identity token for "dev" cannot be used: ${path}: ${problem}`),
      hint: expect.stringContaining('check web_identity_token_file of "dev"'),
    });
    expect(sent()).toEqual([]);
  });

  it('a file that is not there is named', async () => {
    world.files.clear();
    await expect(ask()).rejects.toThrow(`cannot be used: ${path}: there is no such file`);
  });
});
