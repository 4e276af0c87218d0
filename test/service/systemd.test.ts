// The units, by systemd's own tools. `verify` ends with status 0 on files that it complains about, so any word of it is a failure.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceMode, ServicePlace, ServicePlan } from '../../src/service/service-plan.ts';
import { execLine, planSystemd } from '../../src/service/systemd.ts';
import { runProgram } from '../harness/run-program.ts';
import { linuxPlace, systemdOf } from './service-places.ts';

function plan(mode: ServiceMode, changes: Partial<ServicePlace> = {}): ServicePlan {
  const place = linuxPlace(changes);
  const { systemd } = place.surroundings;
  if (systemd === undefined) throw new Error('this place has no systemd');
  return planSystemd(mode, place, systemd);
}

function fileOf({ files }: ServicePlan, ending: string): string {
  return files.find(({ path }) => path.endsWith(ending))?.text ?? '';
}

describe('the units under systemd itself', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'rk-units-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  /** A home and a program whose paths hold what units read in their own way. */
  function awkwardPlace(): Partial<ServicePlace> {
    const odd = join(home, 'a %h "b" $HOME \\c');
    mkdirSync(odd);
    const program = join(odd, 'rolekeeper');
    const spaced = join(home, 'a %h $HOME b');
    mkdirSync(spaced);
    for (const path of [program, join(spaced, 'node')]) writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 });
    return {
      home,
      program: [join(spaced, 'node'), program],
      stateDirectory: join(odd, 'state'),
      socketPath: join(odd, 'agent.sock'),
      surroundings: systemdOf(home),
      env: { ROLEKEEPER_STATE_DIR: join(odd, 'state'), ROLEKEEPER_AGE_DIR: join(odd, 'age'), ROLEKEEPER_STORE: 'age' },
    };
  }

  function analyze(...args: readonly string[]) {
    const env = { HOME: home, XDG_RUNTIME_DIR: home };
    return runProgram('systemd-analyze', args, { env, install: 'apt-get install -y --no-install-recommends systemd' });
  }

  function written(units: ServicePlan): readonly string[] {
    return units.files.map(({ path, text }) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    });
  }

  const usual = () => ({ home, program: [process.execPath, process.execPath] as const, surroundings: systemdOf(home) });

  it.each([
    ['agent', 'usual', true],
    ['agent', 'awkward', true],
    ['agent', 'usual', false],
    ['timer', 'usual', true],
    ['timer', 'awkward', true],
    ['timer', 'usual', false],
  ] as const)(
    'systemd-analyze verify has no word to say about %s units in %s places, PrivateUsers %s',
    async (mode, kind, canPrivateUsers) => {
      const place = kind === 'usual' ? usual() : awkwardPlace();
      const paths = written(plan(mode, { ...place, surroundings: systemdOf(home, { canPrivateUsers }) }));
      const { status, stdout, stderr } = await analyze('verify', '--user', '--man=no', '--recursive-errors=yes', ...paths);
      expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
    },
  );

  it('systemd-analyze verify would say something about a broken unit', async () => {
    const paths = written(plan('agent', usual())).filter((path) => path.endsWith('.service'));
    const [path = ''] = paths;
    writeFileSync(path, `${fileOf(plan('agent', usual()), '.service')}\n[Service]\nPrivateUser=yes\n`);
    const { stdout, stderr } = await analyze('verify', '--user', '--man=no', path);
    expect(stdout + stderr).toContain('PrivateUser');
  });

  it.each([
    ['agent', true, 43],
    ['agent', false, 65],
    ['timer', true, 43],
    ['timer', false, 65],
  ] as const)(
    'systemd-analyze security finds the %s unit, PrivateUsers %s, exposed to at most %i of 100',
    async (mode, canPrivateUsers, most) => {
      const units = plan(mode, { ...usual(), surroundings: systemdOf(home, { canPrivateUsers }) });
      const [path = ''] = written(units).filter((one) => one.endsWith('.service'));
      const ran = await analyze('security', '--user', '--offline=yes', '--no-pager', `--threshold=${most}`, path);
      expect(ran.status, ran.stdout + ran.stderr).toBe(0);
    },
  );

  it('what a unit runs, sets and opens for writing comes out of systemd as it went in', async () => {
    const place = awkwardPlace();
    const [service = ''] = written(plan('agent', place)).filter((one) => one.endsWith('.service'));
    const text = fileOf(plan('agent', place), '.service');
    expect(service).not.toBe('');
    const odd = join(home, 'a %h "b" $HOME \\c');
    const escaped = odd.replaceAll('%', '%%').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    expect(text).toContain(`ReadWritePaths="-${escaped}/state" "-${escaped}/age"\n`);
    expect(text).toContain(`Environment="ROLEKEEPER_STATE_DIR=${escaped}/state"\n`);
    expect(text).toContain(`ExecStart="${home}/a %%h $HOME b/node" "${escaped.replaceAll('$', '$$$$')}/rolekeeper" agent run\n`);
  });
});

describe('planSystemd', () => {
  it('planSystemd listens where programs ask, by the name that systemd has for it where it is the usual place', () => {
    expect(fileOf(plan('agent'), '.socket')).toContain('\nListenStream=%t/rolekeeper/agent.sock\n');
    const elsewhere = plan('agent', { socketPath: '/srv/100%/agent.sock' });
    expect(fileOf(elsewhere, '.socket')).toContain('\nListenStream=/srv/100%%/agent.sock\n');
  });

  it('planSystemd runs the agent in one mode, and what is due in the other', () => {
    expect(fileOf(plan('agent'), '.service')).toContain(
      '\nExecStart=/usr/bin/node /usr/local/lib/rolekeeper/dist/rolekeeper agent run\n',
    );
    expect(fileOf(plan('timer'), '.service')).toContain('/dist/rolekeeper refresh --due --quiet\n');
    expect(plan('timer').files.map(({ path }) => path)).toEqual([
      '/home/alice/.config/systemd/user/rolekeeper-refresh.timer',
      '/home/alice/.config/systemd/user/rolekeeper-refresh.service',
    ]);
  });

  it('planSystemd leaves PrivateUsers and all that hangs on it out where the system refuses it, and says so', () => {
    const without = plan('agent', { surroundings: systemdOf('/home/alice', { canPrivateUsers: false }) });
    const text = fileOf(without, '.service');
    expect(text).not.toMatch(/^(PrivateUsers|PrivateTmp|Protect\w+|ReadWritePaths)=/m);
    expect(text).toContain('NoNewPrivileges=yes');
    expect(without.notes.join()).toContain('PrivateUsers');
    expect(fileOf(plan('agent'), '.service')).toMatch(/^PrivateUsers=yes$/m);
    expect(fileOf(plan('agent'), '.service')).not.toContain('[private-users]');
  });

  it('planSystemd gives the service the real /tmp where something of it lies there', () => {
    expect(fileOf(plan('agent'), '.service')).toMatch(/^PrivateTmp=yes$/m);
    for (const changes of [
      { program: ['/usr/bin/node', '/tmp/rk/rolekeeper'] as const },
      { env: { AWS_CA_BUNDLE: '/var/tmp/ca.pem' } },
    ]) {
      expect(fileOf(plan('timer', changes), '.service')).not.toContain('PrivateTmp');
    }
  });

  it('planSystemd explains lingering and does not switch it on', () => {
    expect(plan('agent').notes.join()).toContain('loginctl enable-linger');
    expect(JSON.stringify(plan('agent').start)).not.toContain('linger');
    expect(plan('agent', { surroundings: systemdOf('/home/alice', { lingers: true }) }).notes).toEqual([]);
  });

  it('planSystemd carries what decides where things are, and no variable that may hold a secret', () => {
    const env = {
      ROLEKEEPER_STORE: 'age',
      XDG_STATE_HOME: '/data/state',
      AWS_CONFIG_FILE: 'relative/config',
      HTTPS_PROXY: 'http://alice:secret@proxy',
      AWS_SECRET_ACCESS_KEY: 'secret',
      ROLEKEEPER_AGE_KEY_FILE: '',
    };
    const units = plan('timer', { env });
    expect(fileOf(units, '.service').match(/^Environment=.*$/gm)).toEqual([
      'Environment=XDG_STATE_HOME=/data/state',
      'Environment=ROLEKEEPER_STORE=age',
    ]);
    expect(JSON.stringify(units)).not.toContain('alice:secret');
    expect(units.notes.join()).toContain('AWS_CONFIG_FILE=relative/config is not an absolute path');
  });

  it('planSystemd puts units where the manager looks: in XDG_CONFIG_HOME only if the manager knows it', () => {
    const env = { XDG_CONFIG_HOME: '/data/config' };
    const [usual, chosen] = ['/home/alice/.config/systemd/user', '/data/config/systemd/user'];
    const first = (unitPath: readonly string[]) =>
      plan('agent', { env, surroundings: systemdOf('/home/alice', { unitPath }) }).files[0]?.path;
    expect(first([chosen, usual])).toBe(`${chosen}/rolekeeper.socket`);
    expect(first(['/etc/systemd/user', usual])).toBe(`${usual}/rolekeeper.socket`);
    expect(() => first(['/etc/systemd/user'])).toThrow("systemd's user manager does not look for units in");
  });

  it('planSystemd refuses paths with line ends', () => {
    expect(() => plan('agent', { program: ['/usr/bin/node', '/tmp/a\nExecStartPre=/bin/evil'] })).toThrow('control characters');
    expect(() => plan('agent', { env: { ROLEKEEPER_STORE: 'age\nExecStartPre=/bin/evil' } })).toThrow('control characters');
  });

  it('execLine gives a line that comes apart into the same words', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        expect(wordsOf(execLine(['/x', ...words])).slice(1)).toEqual(words);
      }),
    );
  });
});

/** ExecStart as systemd takes it apart: words, then specifiers, then variables. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '').replaceAll('%%', '%').replaceAll('$$', '$'),
  );
}
