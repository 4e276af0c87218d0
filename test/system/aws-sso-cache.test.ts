import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignIn } from '../../src/config/sign-in.ts';
import { createForeignSignIns } from '../../src/system/aws-sso-cache.ts';
import { fakeClock } from '../fakes/fake-clock.ts';

const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false };
const startUrl = 'https://corp.awsapps.com/start';
const signIn: SignIn = { sessionName: 'corp', startUrl, scopes: [], oidc: endpoint, portal: endpoint };
const clock = fakeClock();
const whole = {
  ...{ startUrl, region: 'eu-west-1', accessToken: 'aoa-token', refreshToken: 'never-to-be-used' },
  expiresAt: new Date(clock.now() + 3_600_000).toISOString(),
};

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-sso-cache-'));
  const directory = join(home, '.aws', 'sso', 'cache');
  mkdirSync(directory, { recursive: true });
  path = join(directory, `${createHash('sha1').update('corp').digest('hex')}.json`);
});
afterEach(() => rmSync(home, { recursive: true }));

function read(uid = process.getuid?.()): string | undefined {
  return createForeignSignIns({ home, uid }, clock).read(signIn)?.value.reveal();
}

describe('the cache of `aws sso login`', () => {
  it.each([
    ['as it is written today', whole.expiresAt],
    ['as it was written once', whole.expiresAt.replace(/\.\d+Z$/, 'UTC')],
  ])('gives its access token, with an end %s', (_how, expiresAt) => {
    writeFileSync(path, JSON.stringify({ ...whole, expiresAt }));
    expect(read()).toBe('aoa-token');
  });

  it.each([
    ['half of it', JSON.stringify(whole).slice(0, 60)],
    ['nothing', ''],
    ['a list', '[]'],
    ['a mark of its byte order', `\ufeff${JSON.stringify(whole)}`],
    ['a depth without end', '{"a":'.repeat(40_000)],
    ['more than any sign-in has', JSON.stringify({ ...whole, more: 'x'.repeat(300_000) })],
    ['an end that is over', JSON.stringify({ ...whole, expiresAt: '2001-01-01T00:00:00Z' })],
    ['an end without a zone', JSON.stringify({ ...whole, expiresAt: '2099-01-01T00:00:00' })],
    ['an end that is none', JSON.stringify({ ...whole, expiresAt: 'soon' })],
    ['an end as a number', JSON.stringify({ ...whole, expiresAt: clock.now() + 3_600_000 })],
    ['another start page', JSON.stringify({ ...whole, startUrl: 'https://evil.awsapps.com/start' })],
    ['another region', JSON.stringify({ ...whole, region: 'us-east-1' })],
    ['a token for a prototype', `{"__proto__":${JSON.stringify(whole)}}`],
    ['a token of two lines', JSON.stringify({ ...whole, accessToken: 'aoa\r\nx-evil: 1' })],
  ])('is none with %s', (_what, text) => {
    writeFileSync(path, text);
    expect(read()).toBeUndefined();
  });

  // Whoever may write there could have somebody else's account used.
  it("is none where it is another user's, unless root reads it: a container has its host's files", () => {
    writeFileSync(path, JSON.stringify(whole));
    const { uid } = statSync(path);
    expect([uid, uid + 1, 0].map((reader) => read(reader))).toEqual(['aoa-token', undefined, 'aoa-token']);
  });

  // A pipe in its place held every `get` up for ever, and the agent with it.
  it.each([
    ['a pipe', () => void execFileSync('mkfifo', [path])],
    ['a directory', () => mkdirSync(path)],
    ['a link to itself', () => symlinkSync(path, path)],
    ['nothing', () => undefined],
  ])('is none where %s lies in its place', (_what, lay) => {
    lay();
    expect(read()).toBeUndefined();
  });
});
