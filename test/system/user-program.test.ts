import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '../../src/errors.ts';
import type { ProgramRun } from '../../src/ports/programs.ts';
import { createPrograms } from '../../src/system/user-program.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-program-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

function run(command: string, more: Partial<ProgramRun> = {}): Promise<string> {
  const env = { PATH: process.env['PATH'], DIR: directory, ROLEKEEPER_CALLER: 'outer' };
  return createPrograms(env).output({
    ...{ command, setting: 'credential_process', wanted: 'credentials', profile: 'dev' },
    ...{ waitMs: 20_000, longestOutput: 1_000, showsStderr: false },
    ...more,
  });
}

async function problemOf(running: Promise<string>): Promise<string> {
  const failure = await running.catch((error: unknown) => error);
  if (!isAppError(failure, 'program-failed')) throw new Error(`no such failure: ${String(failure)}`);
  return failure.details.problem;
}

describe('the programs of a person', () => {
  it('run through the shell, with the marks of who called them, and give what they print', async () => {
    expect(await run(`echo "it's" $((6 * 7)); printenv ROLEKEEPER_CALLER`)).toBe("it's 42\nouter\ndev\n");
  });

  it('have nothing to read', async () => {
    expect(await run('cat; echo end')).toBe('end\n');
  });

  it.each([
    ['false', 'it ended with status 1'],
    ['echo "not logged in" >&2; exit 3', 'it ended with status 3: not logged in'],
    ["printf 'one\\n\\ttwo\\n' >&2; exit 1", 'it ended with status 1: one two'],
    ['no-such-program', /^it ended with status 127: .*no-such-program/],
    ['kill -9 $$', 'it was ended by SIGKILL'],
  ])('that fail have their stderr in the error: %s', async (command, problem) => {
    expect(await problemOf(run(command))).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  });

  it('have no more than the end of their stderr in it', async () => {
    const problem = await problemOf(run('yes complaint | head -c 100000 >&2; echo the end >&2; exit 1'));
    expect(problem).toMatch(/the end$/);
    expect(problem.length).toBeLessThan(1_100);
  });

  it('that do not end are ended, with all that they started', async () => {
    const late = run('(sleep 2; touch "$DIR/late") & sleep 60', { waitMs: 100 });
    expect(await problemOf(late)).toBe('no answer in 0.1 s');
    expect(await run('sleep 2.5; ls "$DIR"')).toBe('');
  });

  it('that print without end are ended', async () => {
    expect(await problemOf(run('yes'))).toBe('it printed too much');
  });

  it('that nobody waits for any more are ended, and not begun', async () => {
    const giveUp = new AbortController();
    const running = run('touch "$DIR/begun"; sleep 60', { signal: giveUp.signal });
    await expect.poll(() => existsSync(join(directory, 'begun')), { timeout: 15_000 }).toBe(true);
    giveUp.abort();
    expect(await problemOf(running)).toBe('it was no longer waited for');
    expect(await problemOf(run('touch "$DIR/again"; sleep 60', { signal: giveUp.signal }))).toBe('it was no longer waited for');
    expect(existsSync(join(directory, 'again'))).toBe(false);
  });

  // As an agent of a password manager does that was just started: each `get` failed after a minute.
  it('that leave something running with their pipes are not waited for after their end', async () => {
    const startedAt = performance.now();
    expect(await run('echo done; sleep 15 & echo $! > "$DIR/pid"')).toBe('done\n');
    expect(await problemOf(run('echo no >&2; sleep 15 & exit 3'))).toBe('it ended with status 3: no');
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGTERM'); // it lives on
  });

  it('that repeat on stderr what they were to give have it masked there', async () => {
    const document = JSON.stringify({ Version: 1, SecretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' });
    const problem = await problemOf(
      run(`echo '${document}'; echo '+ SECRET=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' >&2; exit 1`),
    );
    expect(problem).toBe('it ended with status 1: + SECRET=[secret]');
    expect(await problemOf(run('echo please log in; echo please log in >&2; exit 1'))).toBe(
      'it ended with status 1: please log in',
    );
  });

  it('print UTF-8 that comes in pieces', async () => {
    expect(await run("printf '\\303'; sleep 0.1; printf '\\244'")).toBe('ä');
  });
});
