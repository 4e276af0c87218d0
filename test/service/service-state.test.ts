import { describe, expect, it } from 'vitest';
import { readState, stateCommand } from '../../src/service/service-state.ts';

const agent = { kind: 'systemd', mode: 'agent' } as const;
const timer = { kind: 'systemd', mode: 'timer' } as const;

function unit(id: string, more: Readonly<Record<string, string>>): string {
  const all = { Id: id, LoadState: 'loaded', ActiveState: 'active', Result: 'success', ...more };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const shown = (...units: readonly string[]) => ({ status: 0, output: units.join('\n').trim() });
const socket = (more = {}) => unit('rolekeeper.socket', more);
const service = (more = {}) => unit('rolekeeper.service', more);

describe('readState', () => {
  it('readState tells a running agent from one that waits behind its socket', () => {
    expect(readState(agent, shown(socket(), service()))).toEqual({ isRunning: true, isWaiting: false });
    expect(readState(agent, shown(socket(), service({ ActiveState: 'activating' })))).toEqual({
      isRunning: true,
      isWaiting: false,
    });
    expect(readState(agent, shown(socket(), service({ ActiveState: 'inactive' })))).toEqual({ isRunning: true, isWaiting: true });
  });

  it('readState says what stopped, what failed and what systemd does not know', () => {
    expect(readState(agent, shown(socket({ ActiveState: 'failed' }), service()))).toMatchObject({
      isRunning: false,
      problem: 'rolekeeper.socket is failed',
    });
    expect(readState(agent, shown(socket({ LoadState: 'not-found', ActiveState: 'inactive' }), service()))).toMatchObject({
      isRunning: false,
      problem: 'systemd does not know rolekeeper.socket',
    });
    expect(readState(agent, shown(socket(), service({ ActiveState: 'failed', Result: 'signal' })))).toEqual({
      isRunning: true,
      isWaiting: true,
      problem: 'rolekeeper.service failed (signal)',
    });
  });

  it('readState reads the times of a timer, and lives without them', () => {
    const times = { LastTriggerUSec: 'Thu 2026-11-26 01:45:00 UTC', NextElapseUSecRealtime: 'Thu 2026-11-26 01:50:07 UTC' };
    expect(readState(timer, shown(unit('rolekeeper-refresh.timer', times), service()))).toEqual({
      isRunning: true,
      isWaiting: false,
      lastAt: Date.UTC(2026, 10, 26, 1, 45),
      nextAt: Date.UTC(2026, 10, 26, 1, 50, 7),
    });
    const none = { LastTriggerUSec: 'n/a', NextElapseUSecRealtime: '' };
    expect(readState(timer, shown(unit('rolekeeper-refresh.timer', none), service()))).toEqual({
      isRunning: true,
      isWaiting: false,
    });
  });

  it('readState knows nothing without an answer', () => {
    const lost = { status: 1, output: 'Failed to connect to bus: No medium found\nmore' };
    expect(readState(agent, lost)).toEqual({
      isRunning: undefined,
      isWaiting: false,
      problem: 'Failed to connect to bus: No medium found',
    });
    expect(readState(agent, { status: 0, output: '' }).isRunning).toBeUndefined();
    expect(readState({ kind: 'launchd', mode: 'agent' }, { status: 127, output: 'no such program' }).isRunning).toBeUndefined();
  });

  it('readState takes the status of launchctl and schtasks for an answer', () => {
    for (const kind of ['launchd', 'task-scheduler'] as const) {
      expect(readState({ kind, mode: 'agent' }, { status: 0, output: 'x' })).toEqual({ isRunning: true, isWaiting: false });
      expect(readState({ kind, mode: 'agent' }, { status: 113, output: 'no such service' })).toMatchObject({ isRunning: false });
    }
  });
});

describe('stateCommand', () => {
  it('stateCommand asks about the units of the mode, and ends soon', () => {
    const { words = [], endMs } = stateCommand(timer, 1000) ?? {};
    expect(words.slice(0, 3)).toEqual(['systemctl', '--user', 'show']);
    expect(words.slice(-2)).toEqual(['rolekeeper-refresh.timer', 'rolekeeper-refresh.service']);
    expect(endMs).toBeLessThanOrEqual(500);
  });

  it('stateCommand knows the names elsewhere, and asks nobody about an autostart entry', () => {
    expect(stateCommand({ kind: 'launchd', mode: 'agent' }, 501)?.words).toEqual([
      'launchctl',
      'print',
      'gui/501/rolekeeper.agent',
    ]);
    expect(stateCommand({ kind: 'task-scheduler', mode: 'timer' }, undefined)?.words).toContain('rolekeeper-refresh');
    expect(stateCommand({ kind: 'xdg-autostart', mode: 'agent' }, 1000)).toBeUndefined();
  });
});
