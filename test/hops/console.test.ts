import { describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import { sha256Hex } from '../../src/credentials/digest.ts';
import { AppError } from '../../src/errors.ts';
import { requestConsole } from '../../src/hops/console.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeSts } from '../fakes/fake-sts.ts';

const loginSession = 'arn:aws:sts::123456789012:assumed-role/Admin/alice';
const hop = { kind: 'console', loginSession } as const;
const call = { profile: parseProfileName('console'), network: {} };
const minute = 60_000;

const clock = fakeClock();

function entry(
  leftMs: number,
  changes: Readonly<Record<string, unknown>> = {},
  token: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    accessToken: {
      ...{ accessKeyId: 'ASIACACHED', secretAccessKey: 'secret', sessionToken: 'token', accountId: '123456789012' },
      expiresAt: new Date(clock.now() + leftMs).toISOString(),
      ...token,
    },
    ...{ tokenType: 'urn:aws:params:oauth:token-type:access_token_sigv4', clientId: 'arn:aws:signin:::devtools/same-device' },
    ...{ refreshToken: 'never-to-be-used', idToken: 'id', dpopKey: 'key' },
    ...changes,
  });
}

const ofCli = JSON.stringify({
  Version: 1,
  AccessKeyId: 'ASIACLI',
  SecretAccessKey: 's',
  SessionToken: 't',
  Expiration: '2099-01-01T00:00:00Z',
});

/** What came of it, and the commands that were run for it. */
async function request(cached: string | undefined, cli: string | AppError = ofCli) {
  const commands: string[] = [];
  const files: string[] = [];
  const ports = {
    ...{ clock, sts: fakeSts(clock) },
    readLoginCache: (name: string) => {
      files.push(name);
      return cached;
    },
    programs: {
      output: async ({ command }: { readonly command: string }) => {
        commands.push(command);
        if (cli instanceof AppError) throw cli;
        return cli;
      },
    },
  };
  const outcome = await requestConsole(hop, call, ports).catch((error: unknown) => error);
  expect(files).toEqual([`${sha256Hex(loginSession)}.json`]);
  return { outcome, commands };
}

function failed(problem: string): AppError {
  return new AppError('program-failed', { setting: 'login_session', wanted: 'credentials', profile: 'console', problem });
}

const exporting = 'aws configure export-credentials --profile console --format process';

describe('requestConsole', () => {
  it('requestConsole takes what the cache has, and runs nothing', async () => {
    const { outcome, commands } = await request(entry(15 * minute));
    expect(outcome).toMatchObject({ accessKeyId: 'ASIACACHED', accountId: '123456789012', expiresAt: clock.now() + 15 * minute });
    expect(commands).toEqual([]);
  });

  it.each([5 * minute, 0, -60 * minute])('requestConsole has the AWS CLI refresh what has %i ms left', async (leftMs) => {
    const { outcome, commands } = await request(entry(leftMs));
    expect([outcome, commands]).toMatchObject([{ accessKeyId: 'ASIACLI' }, [exporting]]);
  });

  it.each([
    ['half of an entry', entry(15 * minute).slice(0, 200)],
    ['an empty file', ''],
    ['no object', '[]'],
    ['no refresh token', entry(15 * minute, { refreshToken: undefined })],
    ['no key of the sign-in', entry(15 * minute, { dpopKey: '' })],
    ['no secret', entry(15 * minute, {}, { secretAccessKey: undefined })],
    ['no session token', entry(15 * minute, {}, { sessionToken: '' })],
    ['an end that is none', entry(15 * minute, {}, { expiresAt: 'soon' })],
    ['a depth without end', entry(15 * minute).replace('"secret"', `${'['.repeat(9_000)}${']'.repeat(9_000)}`)],
    ['a key of two lines', entry(15 * minute, {}, { accessKeyId: 'ASIA\nX: 1' })],
  ])('requestConsole does not trust a cache with %s, and asks the AWS CLI', async (_what, text) => {
    expect(await request(text)).toMatchObject({ outcome: { accessKeyId: 'ASIACLI' }, commands: [exporting] });
  });

  it('requestConsole sends a person who never signed in to `aws login`', async () => {
    const { outcome, commands } = await request(undefined);
    expect(outcome).toMatchObject({ code: 'login-needed', exitStatus: 4, hint: 'run `aws login --profile console`' });
    expect(commands).toEqual([]);
  });

  it.each([
    'it ended with status 253: Your session has expired. Please reauthenticate using aws login',
    'it ended with status 255: Unable to refresh credentials because of a change in your password. Please reauthenticate',
    'it ended with status 253: Error loading login session token: Private key not found in cached token.',
  ])('requestConsole sends a person whose sign-in is over there, too: %s', async (problem) => {
    const { outcome } = await request(entry(0), failed(problem));
    expect(outcome).toMatchObject({ code: 'login-needed', hint: 'run `aws login --profile console`' });
  });

  it('requestConsole passes on what else stood in the way of the AWS CLI', async () => {
    const { outcome } = await request(entry(0), failed('it ended with status 1: disk full'));
    expect(outcome).toMatchObject({ code: 'program-failed', hint: `run \`${exporting}\`` });
  });

  // The error was a page of the CLI's usage, and the hint a command that shows it again. Seen with none, 1.45 and 2.9.
  it.each([
    ['it ended with status 127: /bin/sh: 1: aws: not found', 'there is no AWS CLI on PATH'],
    ['it ended with status 2: usage: aws [options] Invalid choice, valid choices are: list | get', 'knows no `aws login`'],
    ['it ended with status 253: Unable to retrieve credentials: no credentials found', 'knows no `aws login`'],
  ])('requestConsole says of an AWS CLI that cannot help what it lacks: %s', async (problem, words) => {
    const { outcome } = await request(entry(0), failed(problem));
    expect(outcome).toMatchObject({ code: 'program-failed', message: expect.stringContaining(words) });
    expect(outcome).toHaveProperty('hint', expect.stringContaining('2.32.0 or later'));
    expect(outcome).not.toHaveProperty('message', expect.stringContaining('usage'));
  });

  it("requestConsole leaves it to others in the agent, whose environment is not the caller's", async () => {
    const ports = { clock, sts: fakeSts(clock), readLoginCache: () => entry(15 * minute) };
    await expect(requestConsole(hop, call, ports)).rejects.toMatchObject({ code: 'program-needed' });
  });
});
