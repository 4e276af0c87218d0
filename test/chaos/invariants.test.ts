// The checker can fail: a planted answer of each wrong kind is caught, a right one is not.

import { describe, expect, it } from 'vitest';
import type { Ran } from '../harness/world.ts';
import { brokenRules, type Facts } from './invariants.ts';
import type { Issued } from './wire-tap.ts';

const now = Date.UTC(2026, 0, 2, 8);
const minute = 60_000;
const [dev, ops] = ['arn:aws:iam::222233334444:role/Dev', 'arn:aws:iam::222233334444:role/Ops'];
const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'long/term' };

function issuedFor(roleArn: string | undefined, accessKeyId: string, expiresAt = now + 40 * minute): Issued {
  return {
    accessKeyId,
    secretAccessKey: `secret of ${accessKeyId}`,
    sessionToken: `token of ${accessKeyId}`,
    expiresAt,
    at: 0,
    roleArn,
    seconds: 3_600,
  };
}

const all = [
  issuedFor(dev, 'ASIADEV'),
  issuedFor(ops, 'ASIAOPS'),
  issuedFor(undefined, 'ASIASESSION'),
  issuedFor(dev, 'ASIAOVER', now - 1_000),
  issuedFor(dev, 'ASIALAST', now + 1_000),
];

function find(accessKeyId: string): Issued {
  const found = all.find((issued) => issued.accessKeyId === accessKeyId);
  if (found === undefined) throw new Error(`no ${accessKeyId}`);
  return found;
}

/** As the program prints them; `change` plants a fault. */
function documentOf(accessKeyId: string, change: Readonly<Record<string, unknown>> = {}): string {
  const { secretAccessKey, sessionToken, expiresAt } = find(accessKeyId);
  const Expiration = new Date(expiresAt).toISOString().replace('.000Z', 'Z');
  const fields = {
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration,
  };
  return JSON.stringify({ ...fields, AccountId: '222233334444', ...change });
}

function judged(ran: Partial<Ran>, more: Partial<Facts> = {}): readonly string[] {
  return brokenRules({
    ran: { stdout: '', stderr: '', status: 0, tookMs: 100, ...ran },
    isKilled: false,
    stoppedMs: 0,
    allowanceMs: 0,
    issued: (accessKeyId) => all.find((issued) => issued.accessKeyId === accessKeyId),
    expected: [{ kind: 'role', roleArn: dev }],
    awsStartedAt: now,
    isTimeUnknowable: false,
    isClockRight: true,
    explained: [],
    ...more,
  });
}

const locked = 'rolekeeper: the keyring is locked\nrolekeeper: hint: unlock it\n';
const failed = { status: 5, stderr: locked };

describe('an answer that breaks no rule', () => {
  it.each<[string, Partial<Ran>, Partial<Facts>]>([
    ['a whole document of the profile', { stdout: documentOf('ASIADEV') }, {}],
    ['one that ends in a second', { stdout: documentOf('ASIALAST') }, {}],
    ['a failure that a fault explains', failed, { explained: [5] }],
    ['nothing, of a caller that was killed', { status: undefined }, { isKilled: true }],
    ['all, of a caller that was killed', { status: undefined, stdout: documentOf('ASIADEV') }, { isKilled: true }],
    ['one after 4 s on a starved machine', { stdout: documentOf('ASIADEV'), tookMs: 4_900 }, { allowanceMs: 1_000 }],
    ['one that was stopped for long', { stdout: documentOf('ASIADEV'), tookMs: 20_000 }, { stoppedMs: 17_000 }],
    [
      'the keys themselves',
      { stdout: JSON.stringify({ Version: 1, AccessKeyId: keys.accessKeyId, SecretAccessKey: keys.secretAccessKey }) },
      { expected: [{ kind: 'keys', ...keys }] },
    ],
    ['one that ended while nobody could know', { stdout: documentOf('ASIAOVER') }, { isTimeUnknowable: true }],
  ])('%s', (_what, ran, more) => {
    expect(judged(ran, more)).toEqual([]);
  });
});

describe('a planted violation is caught', () => {
  it.each<[string, Partial<Ran>, Partial<Facts>, RegExp]>([
    ["another profile's document", { stdout: documentOf('ASIAOPS') }, {}, /role\/Ops, which the profile is not/],
    ['the session in place of the role', { stdout: documentOf('ASIASESSION') }, {}, /a session, which the profile is not/],
    ['expired credentials', { stdout: documentOf('ASIAOVER') }, {}, /had ended/],
    [
      'an Expiration that is later than true',
      { stdout: documentOf('ASIADEV', { Expiration: '2026-01-02T20:40:00Z' }) },
      {},
      /Expiration/,
    ],
    ['one that is much too early', { stdout: documentOf('ASIADEV', { Expiration: '2026-01-02T08:30:00Z' }) }, {}, /Expiration/],
    ['half a document', { stdout: documentOf('ASIADEV').slice(0, -1) }, {}, /no whole document/],
    ['two documents', { stdout: documentOf('ASIADEV').repeat(2) }, {}, /no whole document/],
    ['nothing at all', { stdout: '' }, {}, /no whole document/],
    ['a version that is a text', { stdout: documentOf('ASIADEV', { Version: '1' }) }, {}, /no whole document/],
    ['no Expiration', { stdout: documentOf('ASIADEV', { Expiration: undefined }) }, {}, /no whole document/],
    ['secrets of two calls', { stdout: documentOf('ASIADEV', { SessionToken: 'token of ASIAOPS' }) }, {}, /mixes/],
    ['credentials that nobody issued', { stdout: documentOf('ASIADEV', { AccessKeyId: 'ASIANONE' }) }, {}, /nobody issued/],
    [
      "another user's keys",
      { stdout: JSON.stringify({ Version: 1, AccessKeyId: 'AKIAOTHER', SecretAccessKey: keys.secretAccessKey }) },
      { expected: [{ kind: 'keys', ...keys }] },
      /long-term keys/,
    ],
    [
      'the keys in place of the role',
      { stdout: JSON.stringify({ Version: 1, AccessKeyId: keys.accessKeyId, SecretAccessKey: 'x' }) },
      {},
      /long-term/,
    ],
    ['words beside a document', { stdout: documentOf('ASIADEV'), stderr: '(node:1) Warning\n' }, {}, /stderr/],
    ['a failure without a cause', failed, { explained: [6, 7] }, /no cause/],
    ['a failure that also prints', { ...failed, stdout: documentOf('ASIADEV') }, { explained: [5] }, /wrote to stdout/],
    ['a failure without words', { status: 5 }, { explained: [5] }, /not one line/],
    ['a stack', { status: 1, stderr: 'TypeError: x\n    at y\n' }, { explained: [1] }, /not one line/],
    ['an unknown exit status', { status: 99, stderr: locked }, { explained: [1] }, /not documented/],
    ['an answer after 4 s', { stdout: documentOf('ASIADEV'), tookMs: 4_001 }, {}, /own time/],
    [
      'one that is later than the machine is slow',
      { stdout: documentOf('ASIADEV'), tookMs: 5_100 },
      { allowanceMs: 1_000 },
      /own time/,
    ],
    ['a death that nobody ordered', { status: undefined }, {}, /signal that no fault sent/],
    [
      'half a document, of a caller that was killed',
      { status: undefined, stdout: '{"Version":1' },
      { isKilled: true },
      /no whole/,
    ],
  ])('%s', (_what, ran, more, words) => {
    expect(judged(ran, more).join('; ')).toMatch(words);
  });
});
