import { execFileSync } from 'node:child_process';
import process from 'node:process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../src/ports/environment.ts';
import {
  awsConfigFile,
  awsCredentialsFile,
  type Caller,
  homeDirectory,
  machineName,
  runtimeDirectory,
  stateDirectory,
} from '../../src/system/paths.ts';

const linux = (env: Environment = {}): Caller => ({ env, platform: 'linux', uid: 1000, home: '/home/alice' });
const mac = (env: Environment = {}): Caller => ({ env, platform: 'darwin', uid: 501, home: '/Users/alice' });
const windows = (env: Environment = {}): Caller => ({ env, platform: 'win32', uid: undefined, home: 'C:\\Users\\alice' });

describe('homeDirectory', () => {
  const fromUserDatabase = (): string => '/from/passwd';

  it.each([
    ['HOME', { HOME: '/home/alice' }, 'linux', '/home/alice'],
    ['the user database without HOME', {}, 'linux', '/from/passwd'],
    ['the user database with an empty HOME', { HOME: '' }, 'linux', '/from/passwd'],
    ['USERPROFILE on Windows', { HOME: '/c/alice', USERPROFILE: 'C:\\Users\\alice' }, 'win32', 'C:\\Users\\alice'],
  ] as const)('is %s', (_what, env, platform, expected) => {
    expect(homeDirectory({ env, platform }, fromUserDatabase)).toBe(expected);
  });

  // A container with a uid of its own ended in "unexpected failure: … uv_os_get_passwd".
  it('is asked for where neither HOME nor the user database has one', () => {
    const unknown = () => {
      throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
    };
    expect(() => homeDirectory({ env: {}, platform: 'linux' }, unknown)).toThrow(
      expect.objectContaining({ code: 'usage', exitStatus: 2, hint: 'set HOME' }),
    );
  });
});

describe('stateDirectory', () => {
  it.each([
    [linux(), '/home/alice/.local/state/rolekeeper'],
    [linux({ XDG_STATE_HOME: '/var/alice' }), '/var/alice/rolekeeper'],
    [linux({ XDG_STATE_HOME: 'relative' }), '/home/alice/.local/state/rolekeeper'],
    [linux({ XDG_STATE_HOME: '' }), '/home/alice/.local/state/rolekeeper'],
    [linux({ XDG_STATE_HOME: '/var/alice', ROLEKEEPER_STATE_DIR: '/tmp/demo' }), '/tmp/demo'],
    [linux({ ROLEKEEPER_STATE_DIR: 'demo' }), '/home/alice/.local/state/rolekeeper'],
    [mac({ XDG_STATE_HOME: '/var/alice' }), '/Users/alice/Library/Application Support/rolekeeper'],
    [mac({ ROLEKEEPER_STATE_DIR: '/tmp/demo' }), '/tmp/demo'],
    [windows({ LOCALAPPDATA: 'D:\\Local' }), 'D:\\Local\\rolekeeper'],
    [windows(), 'C:\\Users\\alice\\AppData\\Local\\rolekeeper'],
    [windows({ LOCALAPPDATA: '' }), 'C:\\Users\\alice\\AppData\\Local\\rolekeeper'],
  ])('of %j is %s', (caller, expected) => {
    expect(stateDirectory(caller)).toBe(expected);
  });
});

describe('runtimeDirectory', () => {
  const all = (): boolean => true;
  const none = (): boolean => false;
  const only =
    (own: string) =>
    (path: string): boolean =>
      path === own;

  it.each([
    ['the chosen one before all', linux({ ROLEKEEPER_RUNTIME_DIR: '/tmp/r', XDG_RUNTIME_DIR: '/run/user/1000' }), all, '/tmp/r'],
    ['XDG_RUNTIME_DIR', linux({ XDG_RUNTIME_DIR: '/run/user/7' }), all, '/run/user/7/rolekeeper'],
    ['/run/user/UID for cron', linux(), all, '/run/user/1000/rolekeeper'],
    ['/run/user/UID past a relative variable', linux({ XDG_RUNTIME_DIR: 'run' }), all, '/run/user/1000/rolekeeper'],
    ["/run/user/UID past sudo's", linux({ XDG_RUNTIME_DIR: '/run/user/0' }), only('/run/user/1000'), '/run/user/1000/rolekeeper'],
    ['the state directory where there is none', linux(), none, '/home/alice/.local/state/rolekeeper'],
    [
      'the state directory where nothing is ours',
      linux({ XDG_RUNTIME_DIR: '/run/user/0' }),
      none,
      '/home/alice/.local/state/rolekeeper',
    ],
    [
      'the state directory on macOS',
      mac({ XDG_RUNTIME_DIR: '/run' }),
      all,
      '/Users/alice/Library/Application Support/rolekeeper',
    ],
    ['the state directory on Windows', windows(), all, 'C:\\Users\\alice\\AppData\\Local\\rolekeeper'],
  ])('is %s', (_what, caller, isOwn, expected) => {
    expect(runtimeDirectory(caller, isOwn)).toBe(expected);
  });
});

describe('machineName', () => {
  it('tells machines apart, stays the same, and hides the id', () => {
    const id = '0123456789abcdef0123456789abcdef';
    expect(machineName(id)).toMatch(/^[0-9a-f]{16}$/);
    expect(machineName(id)).toBe(machineName(id));
    expect(machineName(id)).not.toBe(machineName(`${id}0`));
    expect(id).not.toContain(machineName(id));
  });
});

describe('the AWS files', () => {
  it('are in ~/.aws', () => {
    expect([awsConfigFile(linux()), awsCredentialsFile(linux())]).toEqual([
      '/home/alice/.aws/config',
      '/home/alice/.aws/credentials',
    ]);
    expect(awsConfigFile(windows())).toBe('C:\\Users\\alice\\.aws\\config');
  });

  it('are where the variables say, each its own', () => {
    const caller = linux({ AWS_CONFIG_FILE: '/etc/aws', AWS_SHARED_CREDENTIALS_FILE: 'keys' });
    expect([awsConfigFile(caller), awsCredentialsFile(caller)]).toEqual(['/etc/aws', 'keys']);
  });

  it('are in ~/.aws when the variables are empty', () => {
    expect(awsConfigFile(linux({ AWS_CONFIG_FILE: '' }))).toBe('/home/alice/.aws/config');
  });

  it('are expanded on Windows too', () => {
    expect(awsConfigFile(windows({ AWS_CONFIG_FILE: '~\\aws' }))).toBe('C:\\Users\\alice\\aws');
  });

  it('are expanded as botocore expands them', () => {
    const env = { HOME: '/home/alice', A: 'one', B_2: '~', EMPTY: '' };
    const piece = fc.constantFrom('$', '{', '}', '~', '/', 'A', 'B_2', 'EMPTY', 'NONE', '1', '.', ' ', 'ä', '$A', '~/');
    const values = fc.sample(fc.array(piece, { minLength: 1, maxLength: 8 }), 2_000).map((pieces) => pieces.join(''));
    // What botocore's raw_config_parse does to a path, in the order it does it.
    const program =
      'import json,os,sys; print(json.dumps([os.path.expanduser(os.path.expandvars(v)) for v in json.load(sys.stdin)]))';
    const expected: unknown = JSON.parse(
      execFileSync('python3', ['-c', program], {
        input: JSON.stringify(values),
        env: { ...env, PATH: process.env['PATH'] },
        encoding: 'utf8',
      }),
    );
    expect(values.map((value) => awsConfigFile(linux({ ...env, AWS_CONFIG_FILE: value })))).toEqual(expected);
  });
});
