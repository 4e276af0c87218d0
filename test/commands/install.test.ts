// install and uninstall in a fresh home, real files, a user manager in memory. With a real one: test/end-to-end.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InstallOptions, install } from '../../src/commands/install.ts';
import { type UninstallOptions, type UninstallPorts, uninstall } from '../../src/commands/uninstall.ts';
import { AppError } from '../../src/errors.ts';
import { createServiceFiles } from '../../src/system/service-files.ts';
import { createServiceRecords } from '../../src/system/service-record.ts';
import { type FakeServiceManager, fakeServiceManager } from '../fakes/fake-service-manager.ts';
import { type FakeTerminal, fakeTerminal } from '../fakes/fake-terminal.ts';
import { fileTree } from '../harness/file-tree.ts';
import { linuxPlace, systemdOf } from '../service/service-places.ts';

let home: string;
let units: string;
let manager: FakeServiceManager;
/** Whether an agent answers once its socket is active. */
let agentWorks: boolean;
let stops: number;
let now: number;
let said: string[];
let shown: string[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-install-'));
  units = join(home, '.config/systemd/user');
  manager = fakeServiceManager(home, systemdOf(home));
  agentWorks = true;
  stops = 0;
  now = 0;
  [said, shown] = [[], []];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function ports(terminal?: FakeTerminal): UninstallPorts {
  const owner = { uid: process.getuid?.(), home };
  const place = linuxPlace({ home, stateDirectory: join(home, 'state/rolekeeper'), socketPath: join(home, 'run/agent.sock') });
  return {
    place,
    manager,
    files: createServiceFiles(),
    records: createServiceRecords({ base: place.stateDirectory, owner }),
    refuseForeign: () => undefined,
    removeState: () => [],
    say: (lines) => void said.push(...lines),
    show: (document) => void shown.push(document),
    askAgent: async () => (agentWorks && manager.active.has('rolekeeper.socket') ? { version: '1.2.3', pid: 42 } : undefined),
    hasOthersAgent: async () => false,
    stopAgent: async () => {
      stops += 1;
    },
    openTerminal: async ({ command, instead }) => {
      if (terminal === undefined) throw new AppError('no-terminal', { command, instead });
      return terminal;
    },
    clock: {
      now: () => now,
      toLocal: (at) => at,
      learn: () => undefined,
      lookAgain: () => undefined,
      wait: async (ms) => {
        now += ms;
      },
    },
    planPurge: async () => {
      throw new Error('nobody asked for a purge');
    },
  };
}

const agent: InstallOptions = { mode: 'agent', isDryRun: false, isYes: true };
const timer: InstallOptions = { ...agent, mode: 'timer' };
const plain: UninstallOptions = { isPurge: false, deletesKeys: false, losesKeys: false, isDryRun: false, isYes: true };

function unit(name: string): string {
  return readFileSync(join(units, name), 'utf8');
}

function append(name: string, text: string): void {
  writeFileSync(join(units, name), `${unit(name)}${text}`);
}

describe('install', () => {
  it.each([agent, timer])('uninstall leaves the home as it was before install ($mode)', async (options) => {
    const before = fileTree(home);
    await install(options, ports());
    expect(fileTree(home)).not.toEqual(before);
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
    expect(manager.active.size).toBe(0);
  });

  it('uninstall leaves what was there before: files, empty directories, units of the user', async () => {
    mkdirSync(join(units, 'sockets.target.wants'), { recursive: true });
    mkdirSync(join(home, 'state/rolekeeper'), { recursive: true, mode: 0o700 });
    writeFileSync(join(units, 'mine.service'), '[Service]\n');
    writeFileSync(join(units, 'sockets.target.wants', 'mine.socket'), '');
    const before = fileTree(home);
    await install(agent, ports());
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
  });

  it('install writes the units, enables the socket and asks the agent', async () => {
    await install(agent, ports());
    expect(unit('rolekeeper.socket')).toContain(`ListenStream=${home}/run/agent.sock`);
    expect(unit('rolekeeper.service')).toContain(`ReadWritePaths=-${home}/state/rolekeeper`);
    expect(existsSync(join(units, 'sockets.target.wants/rolekeeper.socket'))).toBe(true);
    expect([...manager.active]).toEqual(['rolekeeper.socket']);
    expect(said.slice(-2)).toEqual([
      'the agent answers: rolekeeper 1.2.3, process 42',
      'to take it all back: `rolekeeper uninstall`',
    ]);
  });

  it('install --dry-run changes nothing and runs nothing', async () => {
    const before = fileTree(home);
    await install({ ...agent, isDryRun: true, isYes: false }, ports());
    expect(fileTree(home)).toEqual(before);
    expect(manager.ran).toEqual([]);
    expect(said).toContain(`  write    ${units}/rolekeeper.service`);
    expect(said).toContain('  run      systemctl --user enable rolekeeper.socket');
    expect(said.join()).toContain('loginctl enable-linger');
    expect(shown.join()).toContain('+ListenStream=');
    expect(shown.join()).toContain('+NoNewPrivileges=yes');
  });

  it('install asks once, and does nothing after a no or without a terminal', async () => {
    const before = fileTree(home);
    const terminal = fakeTerminal(false);
    await expect(install({ ...agent, isYes: false }, ports(terminal))).rejects.toMatchObject({
      code: 'declined',
      message: 'nothing was changed',
      exitStatus: 130,
    });
    await expect(install({ ...agent, isYes: false }, ports())).rejects.toMatchObject({
      code: 'no-terminal',
      hint: 'run `rolekeeper install --yes`',
    });
    expect(terminal.shown).toEqual(['Do this?']);
    expect(fileTree(home)).toEqual(before);
  });

  it('install again does nothing where all is well, not even ask', async () => {
    await install(agent, ports());
    const [tree, ran] = [fileTree(home), manager.ran.length];
    await install({ ...agent, isYes: false }, ports());
    expect(fileTree(home)).toEqual(tree);
    expect(manager.ran.slice(ran)).toEqual(['systemctl --user is-active --quiet rolekeeper.socket']);
  });

  it('install again repairs what is missing or stopped', async () => {
    await install(agent, ports());
    const tree = fileTree(home);
    rmSync(join(units, 'rolekeeper.service'));
    await manager.run({ words: ['systemctl', '--user', 'stop', 'rolekeeper.socket'] });
    await install(agent, ports());
    expect(fileTree(home)).toEqual(tree);
    expect([...manager.active]).toEqual(['rolekeeper.socket']);
  });

  it('install again after an upgrade replaces the units that the older version wrote', async () => {
    const before = fileTree(home);
    await install(agent, ports());
    const upgraded = ports();
    const place = { ...upgraded.place, program: ['/usr/bin/node', '/opt/rolekeeper-2/dist/rolekeeper'] as const };
    await install(agent, { ...upgraded, place });
    expect(unit('rolekeeper.service')).toContain('ExecStart=/usr/bin/node /opt/rolekeeper-2/dist/rolekeeper agent run\n');
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
  });

  it('install --timer after install stops the agent and takes its units away, and the other way round', async () => {
    const before = fileTree(home);
    await install(agent, ports());
    await install(timer, ports());
    expect(existsSync(join(units, 'rolekeeper.socket'))).toBe(false);
    expect([...manager.active]).toEqual(['rolekeeper-refresh.timer', 'rolekeeper-refresh.service']);
    await install(agent, ports());
    expect([...manager.active]).toEqual(['rolekeeper.socket']);
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
  });

  it('install stops an agent that was started without the service', async () => {
    await install(agent, ports());
    expect(stops).toBe(1);
  });

  it('install shows what somebody changed and asks, and keeps it after a no', async () => {
    await install(agent, ports());
    append('rolekeeper.service', '[Service]\nNice=5\n');
    const mine = unit('rolekeeper.service');
    const terminal = fakeTerminal(true, false);
    await install({ ...agent, isYes: false }, ports(terminal));
    expect(terminal.shown[1]).toContain('-Nice=5');
    expect(unit('rolekeeper.service')).toBe(mine);
    await install({ ...agent, isYes: false }, ports(fakeTerminal(true, true)));
    expect(unit('rolekeeper.service')).not.toContain('Nice=5');
  });

  it('install --yes refuses to overwrite what somebody changed, before it does anything', async () => {
    mkdirSync(units, { recursive: true });
    writeFileSync(join(units, 'rolekeeper.service'), 'my own\n');
    const before = fileTree(home);
    await expect(install(agent, ports())).rejects.toMatchObject({ code: 'usage' });
    expect(fileTree(home)).toEqual(before);
    expect(manager.ran).toEqual([]);
  });

  it('install says which command the system refused and why, and uninstall still takes all of it back', async () => {
    const before = fileTree(home);
    manager.refuse('enable', 'Failed to enable unit: read-only\n');
    await expect(install(agent, ports())).rejects.toMatchObject({
      code: 'service-failed',
      message: '`systemctl --user enable rolekeeper.socket` failed: Failed to enable unit: read-only',
    });
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
  });

  it('install says so when the agent does not answer within its time', async () => {
    agentWorks = false;
    await expect(install(agent, ports())).rejects.toMatchObject({
      code: 'service-failed',
      hint: 'see `journalctl --user -u rolekeeper.service`; to take it all back: `rolekeeper uninstall`',
    });
    expect(now).toBeGreaterThanOrEqual(10_000);
  });

  it('install refuses sudo, which would set the service up for root', async () => {
    const sudo = ports();
    const place = { ...sudo.place, uid: 0, env: { SUDO_UID: '1000', SUDO_USER: 'alice' } };
    await expect(install(agent, { ...sudo, place })).rejects.toThrow('for root, not for alice');
    const foreign = () => {
      throw new AppError('foreign-owner', { path: home, ownerUid: 1000 });
    };
    await expect(install(agent, { ...sudo, refuseForeign: foreign })).rejects.toMatchObject({ code: 'foreign-owner' });
    expect(manager.ran).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('install killed at its step %i can be run again, and taken back', async (step) => {
    const before = fileTree(home);
    let left = step;
    const counted = <A extends readonly unknown[], R>(work: (...args: A) => R) => {
      return (...args: A): R => {
        left -= 1;
        if (left < 0) throw new Error('killed');
        return work(...args);
      };
    };
    const mortal = ports();
    const run = install(agent, {
      ...mortal,
      files: { ...mortal.files, write: counted(mortal.files.write) },
      records: { ...mortal.records, keep: counted(mortal.records.keep) },
      manager: { ...mortal.manager, run: counted(mortal.manager.run) },
    });
    await expect(run).rejects.toThrow('killed');
    if (step % 2 === 0) await install(agent, ports());
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
  });
});

describe('uninstall', () => {
  it('uninstall does nothing where nothing is installed', async () => {
    await uninstall(plain, ports());
    expect(manager.ran).toEqual([]);
    expect(fileTree(home)).toEqual([]);
  });

  it('uninstall --dry-run lists and changes nothing', async () => {
    await install(agent, ports());
    const [tree, ran] = [fileTree(home), manager.ran.length];
    await uninstall({ ...plain, isDryRun: true, isYes: false }, ports());
    expect([fileTree(home), manager.ran.length]).toEqual([tree, ran]);
  });

  it('uninstall asks once, and does nothing after a no', async () => {
    await install(agent, ports());
    const tree = fileTree(home);
    const terminal = fakeTerminal(false);
    await expect(uninstall({ ...plain, isYes: false }, ports(terminal))).rejects.toMatchObject({
      code: 'declined',
      message: 'nothing was changed',
      exitStatus: 130,
    });
    expect(terminal.shown).toEqual(['Do this?']);
    expect(fileTree(home)).toEqual(tree);
  });

  it('uninstall shows what somebody changed since, and removes it only after a yes', async () => {
    const before = fileTree(home);
    await install(agent, ports());
    append('rolekeeper.service', 'Nice=5\n');
    const kept = fakeTerminal(true, false);
    await uninstall({ ...plain, isYes: false }, ports(kept));
    expect(kept.shown[1]).toContain('+Nice=5');
    expect(unit('rolekeeper.service')).toContain('Nice=5');
    expect(existsSync(join(units, 'rolekeeper.socket'))).toBe(false);
    await uninstall({ ...plain, isYes: false }, ports(fakeTerminal(true, true)));
    expect(fileTree(home)).toEqual(before);
  });

  it('uninstall --yes leaves what somebody changed', async () => {
    await install(agent, ports());
    append('rolekeeper.service', 'Nice=5\n');
    await uninstall(plain, ports());
    expect(unit('rolekeeper.service')).toContain('Nice=5');
    expect(manager.active.size).toBe(0);
  });

  it('uninstall finds the units without a record, when they are as install would write them', async () => {
    await install(agent, ports());
    rmSync(join(home, 'state'), { recursive: true });
    await uninstall(plain, ports());
    expect(fileTree(home).filter((line) => line.includes('rolekeeper'))).toEqual([]);
    expect(manager.active.size).toBe(0);
  });

  it('uninstall leaves a unit alone that merely has our name', async () => {
    mkdirSync(units, { recursive: true });
    writeFileSync(join(units, 'rolekeeper.service'), '[Service]\nExecStart=/usr/bin/true\n');
    const before = fileTree(home);
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
    expect(manager.ran).toEqual([]);
  });

  it('uninstall works when the manager refuses everything: files and links go', async () => {
    const before = fileTree(home);
    await install(agent, ports());
    manager.refuse('systemctl', 'Failed to connect to bus');
    await uninstall(plain, ports());
    expect(fileTree(home)).toEqual(before);
  });

  it('uninstall keeps the socket of an agent that still answers, be it that of another home', async () => {
    await install(agent, ports());
    const socket = join(home, 'run/agent.sock');
    mkdirSync(dirname(socket));
    const removed: string[] = [];
    const still = ports();
    const files = { ...still.files, removeTrace: (path: string) => void removed.push(path) };
    await uninstall(plain, { ...still, files, askAgent: async () => ({ version: '1' }) });
    expect(removed).not.toContain(socket);
    await install(agent, ports());
    await uninstall(plain, { ...still, files, hasOthersAgent: async () => true });
    expect(removed).not.toContain(socket);
    await install(agent, ports());
    await uninstall(plain, { ...still, files });
    expect(removed).toContain(socket);
  });

  it('uninstall refuses --lose-keys without --delete-keys', async () => {
    await expect(uninstall({ ...plain, isPurge: true, losesKeys: true }, ports())).rejects.toMatchObject({ code: 'usage' });
  });

  it('uninstall refuses --delete-keys without --purge', async () => {
    await expect(uninstall({ ...plain, deletesKeys: true }, ports())).rejects.toMatchObject({ code: 'usage' });
  });
});
