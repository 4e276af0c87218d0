import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Environment } from '../../src/ports/environment.ts';
import {
  type AwsFiles,
  agentCommand,
  type Background,
  startAfterLogin,
  startAgent,
  startRefresh,
  startRefreshElsewhere,
} from '../../src/system/background.ts';

let home: string;
let events: { readonly name: string; readonly purpose: unknown }[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-background-'));
  events = [];
  // In place of the program: says how it was started.
  writeFileSync(
    join(home, 'script.mjs'),
    `import { readFileSync, renameSync, writeFileSync } from 'node:fs';
const limits = process.platform === 'linux' ? readFileSync('/proc/self/limits', 'utf8') : '';
const core = /Max core file size +(\\S+)/.exec(limits)?.[1] ?? '';
const said = { args: process.argv.slice(2), env: process.env, cwd: process.cwd(), core };
const path = process.env.HOME + '/said-' + process.argv[2] + '-' + process.pid;
writeFileSync(path + '.new', JSON.stringify(said));
renameSync(path + '.new', path + '.json');
`,
  );
});
// A child may be writing there just now.
afterEach(() => rmSync(home, { recursive: true, force: true, maxRetries: 10 }));

const callerEnv = {
  USER: 'alice',
  LANG: 'C.UTF-8',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/bus',
  XDG_RUNTIME_DIR: '/run/user/1000',
  HTTPS_PROXY: 'http://user:password@proxy:3128',
  https_proxy: 'http://user:password@proxy:3128',
  NO_PROXY: 'localhost',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  NODE_OPTIONS: '--inspect',
  LD_PRELOAD: '/evil.so',
  AWS_PROFILE: 'other',
  AWS_ACCESS_KEY_ID: 'AKIA',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'token',
  AWS_REGION: 'eu-west-1',
  AWS_CA_BUNDLE: '/bundle.pem',
  ROLEKEEPER_STORE: 'age',
  ROLEKEEPER_DEADLINE: '1767000003800',
  GITHUB_TOKEN: 'secret',
};

function background(env: Environment = {}): Background & AwsFiles {
  return {
    script: join(home, 'script.mjs'),
    env: { ...callerEnv, HOME: home, PATH: process.env['PATH'], ...env },
    base: join(home, 'state'),
    machine: 'machine',
    owner: { uid: process.getuid?.(), home },
    log: { event: (name, { purpose }) => void events.push({ name, purpose }) },
    configPath: join(home, '.aws', 'config'),
    credentialsPath: join(home, '.aws', 'credentials'),
  };
}

interface Said {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly core: string;
}

/** What the processes that were started said, when there are so many. */
async function said(count = 1): Promise<readonly Said[]> {
  const answers = () => readdirSync(home).filter((name) => /^said-.*\.json$/.test(name));
  await expect.poll(() => answers().length, { timeout: 15_000 }).toBe(count);
  return answers().map((name) => JSON.parse(readFileSync(join(home, name), 'utf8')));
}

function names(env: Readonly<Record<string, string>>): readonly string[] {
  // The shell and macOS add some of their own.
  return Object.keys(env).filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_', '__CF_USER_TEXT_ENCODING'].includes(name));
}

function starts(): number {
  return events.filter(({ name }) => name === 'background.started').length;
}

describe('startAgent', () => {
  it('startAgent gives the agent its home, its directories and the store, and nothing of the caller alone', async () => {
    startAgent(background());
    const [agent] = await said();
    expect(agent?.args).toEqual(['agent', 'run', '--until-idle']);
    expect(agent?.cwd).toBe('/');
    expect([...names(agent?.env ?? {})].sort()).toEqual([
      'DBUS_SESSION_BUS_ADDRESS',
      'HOME',
      'LANG',
      'NODE_EXTRA_CA_CERTS',
      'PATH',
      'ROLEKEEPER_STORE',
      'USER',
      'XDG_RUNTIME_DIR',
    ]);
  });

  it.runIf(process.platform === 'linux')('startAgent lets it leave no core file', async () => {
    startAgent(background());
    expect((await said())[0]?.core).toBe('0');
  });

  it('startAgent starts one in 30 seconds, however many ask', () => {
    for (let calls = 0; calls < 20; calls++) startAgent(background());
    expect(starts()).toBe(1);
  });

  it.each([
    ['31 seconds later', -31, 2],
    ['29 seconds later', -29, 1],
    ['when the clock was set back meanwhile', 3_600, 2],
  ])('startAgent starts another one or not: %s', (_when, seconds, count) => {
    startAgent(background());
    const directory = join(home, 'state', 'machine');
    const then = Date.now() / 1000 + seconds;
    for (const name of readdirSync(directory)) utimesSync(join(directory, name), then, then);
    startAgent(background());
    expect(starts()).toBe(count);
  });

  it.runIf(process.platform === 'linux')('startAgent leaves it to systemd where there is a unit', async () => {
    mkdirSync(join(home, 'config', 'systemd', 'user'), { recursive: true });
    mkdirSync(join(home, 'bin'));
    writeFileSync(join(home, 'config', 'systemd', 'user', 'rolekeeper.service'), '');
    writeFileSync(
      join(home, 'bin', 'systemctl'),
      `#!/bin/sh\necho "$@" > ${home}/asked.new && mv ${home}/asked.new ${home}/asked\n`,
    );
    chmodSync(join(home, 'bin', 'systemctl'), 0o755);
    startAgent(background({ XDG_CONFIG_HOME: join(home, 'config'), PATH: `${home}/bin:${process.env['PATH']}` }));
    await expect.poll(() => existsSync(join(home, 'asked')), { timeout: 15_000 }).toBe(true);
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe('--user --no-block start rolekeeper.socket rolekeeper.service\n');
  });

  it('startAgent is no failure of its caller where nothing can be started', () => {
    mkdirSync(join(home, '.config', 'systemd', 'user'), { recursive: true });
    writeFileSync(join(home, '.config', 'systemd', 'user', 'rolekeeper.service'), '');
    startAgent({ ...background({ PATH: join(home, 'empty') }), base: join(home, 'script.mjs') });
    expect(events).toEqual([{ name: 'background.failed', purpose: 'agent' }]);
  });

  it.runIf(process.platform === 'linux')(
    'startAgent starts one by itself where the unit is there and systemd is not',
    async () => {
      mkdirSync(join(home, '.config', 'systemd', 'user'), { recursive: true });
      writeFileSync(join(home, '.config', 'systemd', 'user', 'rolekeeper.service'), '');
      startAgent(background({ PATH: join(home, 'empty') }));
      expect((await said())[0]?.args).toEqual(['agent', 'run', '--until-idle']);
    },
  );

  it('agentCommand is what `agent start` runs: the same program, and no less careful', () => {
    const { command, args, env } = agentCommand(background());
    expect([command, ...args].join(' ')).toContain(`${join(home, 'script.mjs')} agent run --until-idle`);
    expect(Object.keys(env).filter((name) => name.startsWith('AWS_') || /proxy/i.test(name))).toEqual([]);
  });
});

describe('startRefresh', () => {
  it('startRefresh gives what changes the answer and the way to AWS, and no secret', async () => {
    startRefresh(['dev'], background());
    const [refresh] = await said();
    expect(refresh?.args).toEqual(['refresh', 'dev', '--quiet']);
    expect(refresh?.env).toMatchObject({
      HTTPS_PROXY: 'http://user:password@proxy:3128',
      AWS_REGION: 'eu-west-1',
      AWS_CONFIG_FILE: join(home, '.aws', 'config'),
      ROLEKEEPER_STORE: 'age',
    });
    const kept = ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'GITHUB_TOKEN'];
    const strange = [...kept, 'NODE_OPTIONS', 'LD_PRELOAD', 'ROLEKEEPER_DEADLINE'];
    expect(names(refresh?.env ?? {}).filter((name) => strange.includes(name))).toEqual([]);
  });

  it('startRefresh starts one per profile, beside the agent', () => {
    for (const profile of ['dev', 'ops', 'dev', 'ops']) startRefresh([profile], background());
    startAgent(background());
    expect(events.map(({ purpose }) => purpose)).toEqual(['refresh dev', 'refresh ops', 'agent']);
  });
});

describe('startAfterLogin', () => {
  const chooseTimer = () => {
    mkdirSync(join(home, 'state'), { mode: 0o700 });
    const record = { v: 1, kind: 'systemd', mode: 'timer', files: [], directories: [] };
    writeFileSync(join(home, 'state', 'service.json'), JSON.stringify(record));
  };

  it('startAfterLogin starts the agent, which sees for itself what is due', () => {
    startAfterLogin(['dev'], background());
    expect(events).toEqual([{ name: 'background.started', purpose: 'agent' }]);
  });

  it('startAfterLogin refreshes these profiles where a timer takes the place of the agent', () => {
    chooseTimer();
    startAfterLogin(['dev', 'ops'], background());
    startAfterLogin([], background());
    startAgent(background());
    expect(events).toEqual([{ name: 'background.started', purpose: 'refresh dev ops' }]);
  });

  it('startAgent takes a record that it cannot read for none', () => {
    mkdirSync(join(home, 'state'), { mode: 0o700 });
    writeFileSync(join(home, 'state', 'service.json'), '{"v":2}');
    startAgent(background());
    expect(events.map(({ name }) => name)).toEqual(['service.unreadable', 'background.started']);
  });
});

describe.runIf(process.platform === 'linux')('startRefreshElsewhere', () => {
  it('startRefreshElsewhere is a plain process where its starter is no service', async () => {
    startRefreshElsewhere('dev', background());
    expect((await said())[0]?.args).toEqual(['refresh', 'dev', '--quiet']);
  });

  it("startRefreshElsewhere leaves a service's sandbox by way of systemd, with names of variables only in the arguments", async () => {
    mkdirSync(join(home, 'bin'));
    // As the manager does: the words after `--`, with its own environment and the variables that were named.
    writeFileSync(
      join(home, 'bin', 'systemd-run'),
      `#!/bin/sh\necho "$@" > ${home}/asked.new && mv ${home}/asked.new ${home}/asked\n`,
    );
    chmodSync(join(home, 'bin', 'systemd-run'), 0o755);
    const env = { INVOCATION_ID: '0123456789abcdef', PATH: `${home}/bin:${process.env['PATH']}` };
    startRefreshElsewhere('dev$HOME', background(env));
    await expect.poll(() => existsSync(join(home, 'asked')), { timeout: 15_000 }).toBe(true);
    const asked = readFileSync(join(home, 'asked'), 'utf8').trim().split(' ');
    expect(asked.slice(0, 3)).toEqual(['--user', '--collect', '--quiet']);
    expect(asked).toEqual(
      expect.arrayContaining(['--setenv=HTTPS_PROXY', '--setenv=AWS_CONFIG_FILE', '--setenv=ROLEKEEPER_STORE']),
    );
    expect(asked.filter((word) => /PATH|DEADLINE|password|GITHUB/.test(word))).toEqual([]);
    expect(asked.slice(asked.indexOf('--') + 1)).toEqual([
      process.execPath,
      join(home, 'script.mjs'),
      'refresh',
      'dev$$HOME',
      '--quiet',
    ]);
  });

  it('startRefreshElsewhere starts one in 30 seconds for each profile', () => {
    for (let calls = 0; calls < 5; calls++) for (const profile of ['dev', 'ops']) startRefreshElsewhere(profile, background());
    expect(starts()).toBe(2);
  });
});
