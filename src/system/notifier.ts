// Desktop notifications, by the system's own program: notify-send, osascript or PowerShell. Each event once, over all processes.
// Never waits, never fails: whoever cannot be told finds the same in `rolekeeper status`.

import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256Hex } from '../credentials/digest.ts';
import type { Warning } from '../credentials/warnings.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Log } from '../ports/log.ts';
import type { Notifier } from '../ports/person.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { errorCode } from './problem-words.ts';

export interface NotifierPlace {
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
  readonly log: Log;
  /** With the session bus: where the desktop is. */
  readonly env: Environment;
  readonly platform?: NodeJS.Platform;
}

/** Marks of events are needed no longer than the events last. */
const markLifeMs = 3 * 86_400_000;
const markPrefix = 'told-';

export function createNotifier(place: NotifierPlace): Notifier {
  const showing = new Set<Promise<void>>();
  return {
    tell(warning) {
      const command = commandFor(warning, place);
      if (command === undefined || !isFirst(warning, place)) return;
      const shown = show(command, place).then(() => void showing.delete(shown));
      showing.add(shown);
      place.log.event('notify.sent', { event: warning.event });
    },
    settled: async (ms) => {
      const given = new AbortController();
      const over = wait(ms, undefined, { signal: given.signal }).catch(() => undefined); // ends early by that signal alone
      await Promise.race([Promise.all(showing), over]);
      given.abort();
    },
  };
}

/** Ends with the program that shows it. Never fails. */
function show([program, ...args]: readonly [string, ...string[]], { env, log }: NotifierPlace): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore', detached: true, env, windowsHide: true });
  child.unref();
  return new Promise((done) => {
    child.once('close', () => done());
    child.once('error', (error) => {
      log.event('notify.failed', { problem: error.message });
      done();
    });
  });
}

/** Undefined where nobody can be told: on Linux without a session bus. Texts go as arguments or variables, never into a script. */
export function commandFor(
  { title, text }: Pick<Warning, 'title' | 'text'>,
  { env, platform = process.platform }: Pick<NotifierPlace, 'env' | 'platform'>,
): readonly [string, ...string[]] | undefined {
  switch (platform) {
    case 'darwin':
      return [
        'osascript',
        ...['-e', 'on run {title, body}', '-e', 'display notification body with title title', '-e', 'end run', title, text],
      ];
    case 'win32':
      return ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', balloon(title, text)];
    default: {
      return hasBus(env) ? ['notify-send', '--app-name=rolekeeper', '--icon=dialog-password', '--', title, text] : undefined;
    }
  }
}

// A user manager has the directory on every server; the bus is in it only where something like a desktop put it there.
function hasBus({ DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: directory }: Environment): boolean {
  return (address ?? '') !== '' || (directory !== undefined && directory !== '' && existsSync(join(directory, 'bus')));
}

// A single-quoted string of PowerShell takes everything as it is but the quote, which is doubled.
function balloon(title: string, text: string): string {
  const quoted = (words: string) => `'${words.replaceAll("'", "''")}'`;
  return [
    'Add-Type -AssemblyName System.Windows.Forms, System.Drawing',
    '$icon = New-Object System.Windows.Forms.NotifyIcon',
    '$icon.Icon = [System.Drawing.SystemIcons]::Information',
    '$icon.Visible = $true',
    `$icon.ShowBalloonTip(10000, ${quoted(title)}, ${quoted(text)}, 'Warning')`,
    'Start-Sleep -Seconds 10',
    '$icon.Dispose()',
  ].join('; ');
}

/** Of all processes that see the event, the one that makes its mark. */
function isFirst({ event }: Warning, { base, machine, owner, log }: NotifierPlace): boolean {
  try {
    const directory = ensurePrivateDirectory({ base, below: [machine], owner });
    removeOldMarks(directory);
    closeSync(openSync(join(directory, `${markPrefix}${sha256Hex(event).slice(0, 32)}`), 'wx', 0o600));
    return true;
  } catch (error) {
    if (errorCode(error) === undefined && !(error instanceof AppError)) throw error;
    // Told already (EEXIST); or there is no place for marks, and then nothing is better than the same words every 15 seconds.
    if (errorCode(error) !== 'EEXIST') log.event('notify.not-marked', { problem: String(error) });
    return false;
  }
}

function removeOldMarks(directory: string): void {
  const now = Date.now();
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(markPrefix)) continue;
    const path = join(directory, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && now - stats.mtimeMs > markLifeMs) unlinkSync(path);
  }
}
