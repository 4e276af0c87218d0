// `rolekeeper log`: what the audit trail says, oldest first. Only reads.

import { toAuditLine } from '../config/audit-line.ts';
import { AppError, printable } from '../errors.ts';
import type { AuditEntry } from '../ports/audit.ts';
import type { Wiring } from '../wiring.ts';
import { parseSince } from './log-since.ts';
import { writeStderr } from './report.ts';
import { writeStdout } from './stdout.ts';
import { textTable } from './text-table.ts';

export interface LogOptions {
  readonly profile: string | undefined;
  readonly program: string | undefined;
  /** `2h`, or a moment. */
  readonly since: string | undefined;
  readonly isFailed: boolean;
  readonly isJson: boolean;
  readonly isFollowing: boolean;
}

const lookEveryMs = 500;

/** With `isFollowing` until it is ended by a signal. Throws `usage` for a moment that is none. */
export async function log(options: LogOptions, { clock, openAuditLog }: Wiring): Promise<void> {
  const since = sinceOf(options, clock.now());
  const trail = await openAuditLog();
  const isWanted = (entry: AuditEntry) => entry.at >= since && isChosen(entry, options);
  const show = (entries: readonly AuditEntry[]) => {
    const wanted = entries.filter(isWanted);
    if (wanted.length > 0)
      writeStdout(options.isJson ? wanted.map(toAuditLine).join('') : inWords(wanted, (at) => clock.toLocal(at)));
  };
  const entries = trail.read();
  if (entries.length === 0) writeStderr(['nothing was written down; with `audit = on` in [rolekeeper] every answer is']);
  show(entries);
  while (options.isFollowing) {
    await clock.wait(lookEveryMs);
    show(trail.readNew());
  }
}

function sinceOf({ since }: LogOptions, now: number): number {
  if (since === undefined) return 0;
  const at = parseSince(since, now);
  if (at !== undefined) return at;
  throw new AppError('usage', {
    problem: `--since ${JSON.stringify(since.slice(0, 40))} is no moment`,
    hint: 'say 30m, 2h, 3d, 2026-01-02 or 2026-01-02T03:04:05Z',
  });
}

function isChosen({ profile, outcome, caller }: AuditEntry, options: LogOptions): boolean {
  if (options.profile !== undefined && profile !== options.profile) return false;
  if (options.program !== undefined && caller.program !== options.program) return false;
  return !options.isFailed || outcome === 'failed';
}

function inWords(entries: readonly AuditEntry[], toLocal: (at: number) => number): string {
  const rows = entries.map(({ at, verb, profile, outcome, keySuffix, code, caller }) => [
    localSecond(toLocal(at)),
    verb,
    profile,
    code === undefined ? outcome : `${outcome}: ${code}`,
    keySuffix === undefined ? '' : `…${keySuffix}`,
    callerInWords(caller),
  ]);
  return `${textTable(rows.map((row) => row.map(printable))).join('\n')}\n`;
}

function callerInWords({ pid, program, isClaimed }: AuditEntry['caller']): string {
  const who = `${program ?? 'a program'}${pid === undefined ? '' : `[${pid}]`}`;
  return isClaimed ? who : `${who} (seen)`;
}

/** `2026-01-02 18:04:05`, on the local clock. */
function localSecond(localAt: number): string {
  const date = new Date(localAt);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
