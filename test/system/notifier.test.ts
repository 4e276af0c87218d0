import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandFor, createNotifier } from '../../src/system/notifier.ts';
import { until } from '../harness/session-bus.ts';

const warning = { event: 'session corp 1', title: "it's $(late)", text: '-e "end"; Remove-Item' };
let home = '';
let events: string[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-notify-'));
  events = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A notify-send that writes down what it was given, one argument a line. */
function notifier(env: Readonly<Record<string, string>> = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' }) {
  const bin = join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'notify-send'), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${home}/told'\n`, { mode: 0o755 });
  return createNotifier({
    base: join(home, 'state'),
    machine: 'machine',
    owner: { uid: process.getuid?.(), home },
    log: { event: (name) => void events.push(name) },
    env: { PATH: `${bin}:${process.env['PATH']}`, ...env },
    platform: 'linux',
  });
}

function told(): string {
  return readFileSync(join(home, 'told'), 'utf8');
}

function marks(): readonly string[] {
  return readdirSync(join(home, 'state', 'machine')).filter((name) => name.startsWith('told-'));
}

describe('the notifier', () => {
  it('hands title and text to notify-send as they are, once for an event, over all processes', async () => {
    notifier().tell(warning);
    notifier().tell(warning);
    await until(() => readdirSync(home).includes('told'), 'notify-send ran');
    notifier().tell({ ...warning, event: 'session corp 2', title: 'next' });
    await until(() => told().includes('next'), 'notify-send ran again');
    expect(
      told()
        .split('\n')
        .filter((line) => line === warning.title),
    ).toHaveLength(1);
    expect(told()).toContain(`--\n${warning.title}\n${warning.text}\n`);
    expect(events.filter((name) => name === 'notify.sent')).toHaveLength(2);
  });

  it('says nothing and marks nothing without a session bus', () => {
    notifier({}).tell(warning);
    expect(readdirSync(home)).not.toContain('state');
  });

  it('settled waits for what shows them, and not for ever', async () => {
    const slow = notifier();
    writeFileSync(join(home, 'bin', 'notify-send'), `#!/bin/sh\nsleep 0.2\necho done >> '${home}/told'\n`, { mode: 0o755 });
    slow.tell(warning);
    await slow.settled(10_000);
    expect(told()).toBe('done\n');
    writeFileSync(join(home, 'bin', 'notify-send'), '#!/bin/sh\nexec sleep 2\n', { mode: 0o755 });
    slow.tell({ ...warning, event: 'hangs' });
    const startedAt = performance.now();
    await slow.settled(30);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('takes the directory of a user manager for a session bus only with a bus in it', () => {
    const has = () => commandFor(warning, { env: { XDG_RUNTIME_DIR: home }, platform: 'linux' }) !== undefined;
    expect(has()).toBe(false);
    writeFileSync(join(home, 'bus'), '');
    expect(has()).toBe(true);
  });

  it('does not fail without notify-send', async () => {
    notifier({ DBUS_SESSION_BUS_ADDRESS: 'x', PATH: '/nonexistent' }).tell(warning);
    await until(() => events.includes('notify.failed'), 'the failure was noted');
  });

  it('removes marks that are three days old', () => {
    notifier().tell(warning);
    const [mark = ''] = marks();
    utimesSync(join(home, 'state', 'machine', mark), 0, 0);
    notifier().tell({ ...warning, event: 'other' });
    expect(marks()).toHaveLength(1);
    expect(marks()).not.toContain(mark);
  });
});

describe('commandFor', () => {
  it('gives the texts to osascript as arguments, not as a script', () => {
    const command = commandFor(warning, { env: {}, platform: 'darwin' });
    expect(command?.slice(-2)).toEqual([warning.title, warning.text]);
    expect(command?.slice(0, -2).join(' ')).not.toContain('late');
  });

  it('quotes the texts for PowerShell', () => {
    const script = commandFor(warning, { env: {}, platform: 'win32' })?.at(-1) ?? '';
    expect(script).toContain(`'it''s $(late)', '-e "end"; Remove-Item'`);
  });
});
