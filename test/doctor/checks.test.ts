// The checks by themselves, where a whole machine would be too much: clocks, sockets, services, modes, lines, items.

import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseAccount } from '../../src/config/names.ts';
import { checkEnvironmentKeys, checkFileKeys } from '../../src/doctor/access-keys.ts';
import { checkSocket, checkTrouble } from '../../src/doctor/background.ts';
import { checkClock } from '../../src/doctor/clock.ts';
import { checkFileMode } from '../../src/doctor/file-modes.ts';
import { commandIn, editCommand } from '../../src/doctor/finding.ts';
import { checkLineRuns, checkLineText, mergeLogins, type ProcessLine } from '../../src/doctor/process-line.ts';
import { checkState } from '../../src/doctor/state.ts';
import { checkUnusedItems } from '../../src/doctor/unused-items.ts';
import type { LineRun } from '../../src/ports/inspector.ts';
import { shellWord } from '../../src/shell-word.ts';

describe('checkClock', () => {
  it.each([0, 59_999, -59_999])('checkClock passes %i ms', (ms) => {
    expect(checkClock(ms, 'linux')).toEqual([]);
  });

  it.each([
    [90_000, 'linux', /90 s ahead of/, 'sudo timedatectl set-ntp true'],
    [-90_000, 'darwin', /90 s behind/, 'sudo sntp -sS time.apple.com'],
    [-90_000, 'win32', /90 s behind/, 'w32tm /resync'],
  ])('checkClock finds %i ms on %s', (ms, platform, what, mend) => {
    expect(checkClock(ms, platform)).toEqual([expect.objectContaining({ what: expect.stringMatching(what), mend })]);
  });
});

describe('checkState', () => {
  it.each([
    ['the disk is full', 'df -h "/my state"'],
    ['the disk quota is used up', 'df -h "/my state"'],
    ['permission denied', 'ls -ld "/my state"; id -un'],
  ])('checkState says what to look at where %s', (problem, mend) => {
    const what = `nothing can be written in /my state: ${problem}`;
    expect(checkState([{ path: '/my state', problem }])).toMatchObject([{ check: 'state', what, mend }]);
  });

  it('checkState finds nothing where all can be written', () => {
    expect(checkState([])).toEqual([]);
  });
});

describe('checkTrouble and checkSocket', () => {
  it('checkTrouble passes what has no problem', () => {
    expect(checkTrouble('agent', {})).toEqual([]);
  });

  it('checkTrouble takes the command out of a hint', () => {
    const [finding] = checkTrouble('service', {
      problem: 'it is not running',
      hint: 'run `rolekeeper install`, which puts it right',
    });
    expect(finding).toMatchObject({ what: 'service: it is not running', mend: 'rolekeeper install' });
    expect(checkTrouble('store', { problem: 'x', hint: 'run `a`, or `b`' })[0]?.mend).toBe('run `a`, or `b`');
    expect(checkTrouble('store', { problem: 'x' })[0]?.mend).toBe('rolekeeper status');
  });

  it('checkSocket finds a socket that is not ours, and passes none at all', () => {
    const look = { path: '/run/x/agent.sock', directory: '/run/x', isThere: true, isOwn: false };
    expect(checkSocket(look)[0]?.mend).toBe('chmod 700 /run/x && rolekeeper agent restart');
    expect(checkSocket({ ...look, isOwn: true })).toEqual([]);
    expect(checkSocket({ ...look, isThere: false })).toEqual([]);
  });
});

describe('checkFileKeys and checkEnvironmentKeys', () => {
  const found = (lines: string) => {
    const credentials = parseCredentialsFile(`[a]\naws_access_key_id = K\naws_secret_access_key = S\n${lines}`, 'credentials');
    return checkFileKeys({ config: parseConfigFile('', 'config'), credentials }).map(({ what, mend }) => ({ what, mend }));
  };

  it.each(['aws_session_token = t', 'aws_security_token = t'])(
    'checkFileKeys knows temporary keys by %s, and imports none',
    (line) => {
      const [finding] = found(`${line}\n`);
      expect(finding?.what).toMatch(/^temporary keys of "a"/);
      expect(finding?.mend).toMatch(/# remove the keys$/);
    },
  );

  // explain, status and forget-keys name the line of the id; this was the secret's.
  it('checkFileKeys names the line of the id, or that of a secret without one', () => {
    expect(found('').map(({ what }) => what)).toEqual(['keys of "a" in plaintext in credentials:2']);
    const alone = parseCredentialsFile('[a]\nregion = x\naws_secret_access_key = S\n', 'credentials');
    expect(checkFileKeys({ config: parseConfigFile('', 'config'), credentials: alone })).toMatchObject([
      { what: 'keys of "a" in plaintext in credentials:3' },
    ]);
  });

  it.each(['', 'aws_session_token =\n', 'aws_security_token =\n'])(
    'checkFileKeys takes keys without a token for long-term ones: %j',
    (line) => {
      expect(found(line)).toMatchObject([{ what: expect.stringMatching(/^keys of "a"/), mend: 'rolekeeper import a' }]);
    },
  );

  it('checkEnvironmentKeys has every variable unset that clients take', () => {
    const env = { AWS_ACCESS_KEY_ID: 'K', AWS_SECRET_ACCESS_KEY: 'S', AWS_SECURITY_TOKEN: 't' };
    expect(checkEnvironmentKeys(env)).toMatchObject([
      { mend: 'unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SECURITY_TOKEN' },
    ]);
  });
});

describe('checkFileMode', () => {
  const file = { path: '/h/.aws/credentials', isDirectory: false, mode: 0o600, owner: 'self' } as const;

  it('checkFileMode passes a file of its user alone, and a directory that others may read', () => {
    expect(checkFileMode(file)).toEqual([]);
    expect(checkFileMode({ ...file, isDirectory: true, mode: 0o755 })).toEqual([]);
  });

  it('checkFileMode tells reading from changing, and keeps the bits of the owner', () => {
    expect(checkFileMode({ ...file, mode: 0o444 })[0]).toMatchObject({
      what: expect.stringContaining('may read'),
      fix: { kind: 'mode', mode: 0o400 },
    });
    expect(checkFileMode({ ...file, mode: 0o660 })[0]?.what).toContain('may change');
  });

  it("checkFileMode offers no fix for another user's file", () => {
    const [finding] = checkFileMode({ ...file, owner: 'other' });
    expect(finding?.what).toContain('another user');
    expect(finding?.fix).toBeUndefined();
    expect(checkFileMode({ ...file, owner: 'root', mode: 0o644 })).toEqual([]);
  });
});

describe('process lines', () => {
  const given: ProcessLine = {
    profile: 'dev',
    line: '/usr/local/bin/rolekeeper get dev',
    place: { path: '/h/.aws/config', line: 3 },
    right: '/usr/local/bin/rolekeeper get dev',
    repaired: '/usr/local/bin/rolekeeper get dev',
  };
  const answer = { Version: 1, AccessKeyId: 'A', SecretAccessKey: 'S', SessionToken: 'T', Expiration: '2026-01-02T03:04:05Z' };
  const run = (more: Partial<LineRun>): LineRun => ({
    way: 'shell',
    status: 0,
    stdout: JSON.stringify(answer),
    stderr: '',
    end: 'exited',
    ...more,
  });
  const what = (more: Partial<LineRun>) => checkLineRuns(given, [run(more)])[0]?.what;

  it.each(['/usr/local/bin/rolekeeper get dev', '/usr/local/bin/rolekeeper get "my dev"', 'C:\\bin\\rolekeeper.exe get dev'])(
    'checkLineText passes %s',
    (line) => expect(checkLineText({ ...given, line })).toEqual([]),
  );

  it.each([
    'rolekeeper get dev',
    './rolekeeper get dev',
    '$HOME/rolekeeper get dev',
    '"/bin/rolekeeper" get "dev"',
    '/bin/rolekeeper get dev; true',
  ])('checkLineText refuses %s', (line) => expect(checkLineText({ ...given, line })).toHaveLength(1));

  it('checkLineRuns passes credentials, and keys without an end', () => {
    const { SessionToken: _token, Expiration: _end, ...keys } = answer;
    expect(checkLineRuns(given, [run({}), run({ stdout: JSON.stringify(keys) })])).toEqual([]);
  });

  it.each([
    { Version: '1' },
    { SecretAccessKey: undefined },
    { Expiration: undefined },
    { Expiration: '2026-01-02T03:04:05+0000' },
  ])('checkLineRuns refuses an answer with %o', (change) => {
    expect(what({ stdout: JSON.stringify({ ...answer, ...change }) })).toContain('something else');
  });

  it('checkLineRuns says which clients a failure is of, and takes the command out of the hint', () => {
    const stderr = 'rolekeeper: profile "dev" needs a login\nrolekeeper: hint: run `rolekeeper login corp`\n';
    const [finding] = checkLineRuns(given, [run({ way: 'shlex', status: 4, stdout: '', stderr })]);
    expect(finding).toMatchObject({ mend: 'rolekeeper login corp', why: expect.stringContaining('needs a login') });
    expect(finding?.what).toContain('boto3');
    expect(what({ status: 127, stdout: '' })).toContain('no such program');
  });

  // `explain`, which it named for all that rolekeeper cannot do, knows no more than the failure itself.
  it.each([
    ['run `aws login --profile console`', 'aws login --profile console'],
    ['check web_identity_token_file of "pod"', 'check web_identity_token_file of "pod"'],
  ])('checkLineRuns takes the way out from the failure: %s', (hint, mend) => {
    const stderr = `rolekeeper: it does not work\nrolekeeper: hint: ${hint}\n`;
    expect(checkLineRuns(given, [run({ way: 'shlex', status: 4, stdout: '', stderr })])).toMatchObject([{ mend }]);
  });

  it('checkLineRuns finds words on stderr beside a good answer', () => {
    expect(what({ stderr: 'note' })).toContain('stderr');
  });

  it('checkLineRuns never repeats an answer', () => {
    const stdout = JSON.stringify({ ...answer, Version: 2, SecretAccessKey: 'very-secret' });
    expect(JSON.stringify(checkLineRuns(given, [run({ stdout })]))).not.toContain('very-secret');
  });
});

describe('checkUnusedItems', () => {
  const role = parseAccount(`role/${'a'.repeat(32)}`);
  const keys = parseAccount('keys/my corp');
  const listed = [role, keys].flatMap((account) => account ?? []);

  it('checkUnusedItems passes what is used, and credentials that still live', () => {
    expect(checkUnusedItems({ listed, used: new Set(listed), isOver: () => true, configPath: '/c' })).toEqual([]);
    const [only, ...others] = checkUnusedItems({ listed, used: new Set(), isOver: () => false, configPath: '/c' });
    expect(only?.what).toContain('keys "my corp"');
    expect(others).toEqual([]);
  });

  it('checkUnusedItems never offers to fix keys', () => {
    const found = checkUnusedItems({ listed, used: new Set(), isOver: () => true, configPath: '/c' });
    expect(found.map(({ fix }) => fix?.kind)).toEqual(['forget', undefined]);
  });
});

describe('commands to type', () => {
  it('editCommand quotes what a shell would read', () => {
    expect(editCommand({ path: '/a b', line: 3 })).toBe(`\${EDITOR:-vi} +3 "/a b"`);
  });

  it('commandIn takes a command out whole, whatever a name in it holds', () => {
    const command = `rolekeeper login ${shellWord("it's `x`")}`;
    expect(commandIn(`run \`${command}\`, as the person's own`)).toBe(command);
  });
});

describe('mergeLogins', () => {
  it('mergeLogins makes one of the logins of two profiles that start the same, whatever their names', () => {
    const mends = [`rolekeeper login ${shellWord('my corp')}`, 'rolekeeper login corp'];
    const findings = mends.map((mend) => ({ check: 'process-line', profile: mend, what: 'w', why: 'y', mend }) as const);
    const starts = new Map(['my corp', 'corp'].map((name) => [name, 'the same keys']));
    expect(mergeLogins(findings, (name) => starts.get(name)).map(({ mend }) => mend)).toEqual([mends[0]]);
  });

  it('mergeLogins says of several profiles "from them", and leaves one by itself as it is', () => {
    const why = 'clients get no credentials from it: there is no session';
    const finding = (profile: string) =>
      ({ check: 'process-line', profile, what: 'w', why, mend: 'rolekeeper login corp' }) as const;
    const each = () => undefined;
    expect(mergeLogins([finding('dev')], each)).toEqual([finding('dev')]);
    expect(mergeLogins([finding('dev'), finding('ops')], each)).toEqual([
      {
        check: 'process-line',
        what: '2 profiles wait for a login: dev, ops',
        why: 'clients get no credentials from them: there is no session',
        mend: 'rolekeeper login corp',
      },
    ]);
  });
});
