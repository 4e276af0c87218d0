import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PromptAnswer } from '../../src/ports/person.ts';
import { createPrompter } from '../../src/system/prompter.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-prompter-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const never = new AbortController().signal;

interface Asked {
  readonly chosen?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly question?: string;
}

function ask({ chosen = 'pinentry', env = {}, signal = never, question = 'MFA code:' }: Asked = {}): Promise<PromptAnswer> {
  const path = [directory, process.env['PATH'] ?? ''].join(delimiter);
  const place = { ANSWERS: join(directory, 'answers'), PROMPTS: join(directory, 'prompts') };
  return createPrompter({ env: { PATH: path, ...place, ...env }, platform: 'linux', chosen }).askHidden(question, signal);
}

function typedIn(answer: PromptAnswer): string {
  return answer.kind === 'typed' ? answer.text.reveal() : answer.kind;
}

function prompts(): string {
  const path = join(directory, 'prompts');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function installPinentry(answer: string): void {
  copyFileSync(new URL('../harness/pinentry.py', import.meta.url), join(directory, 'pinentry'));
  chmodSync(join(directory, 'pinentry'), 0o755);
  writeFileSync(join(directory, 'answers'), `${answer}\n`);
}

function install(name: string, script: string): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
}

describe('pinentry', () => {
  it.each([
    ['123456', '123456'],
    ['100%', '100%'],
    ['', ''],
    ['cancel', 'dismissed'],
    ['none', 'nobody'],
  ])('that gives %j is %j', async (answer, outcome) => {
    installPinentry(answer);
    expect(typedIn(await ask())).toBe(outcome);
  });

  it('gets the question whole, and the terminal that it may draw on', async () => {
    installPinentry('123456');
    const question = '100% sure?\nMFA code:';
    await ask({ question, env: { GPG_TTY: '/dev/pts/7', TERM: 'xterm' } });
    expect(prompts()).toBe(`${question}\n`);
  });

  it('that waits too long is ended', async () => {
    installPinentry('wait');
    const giveUp = new AbortController();
    const asking = ask({ signal: giveUp.signal });
    await expect.poll(prompts, { timeout: 15_000 }).not.toBe('');
    giveUp.abort();
    expect((await asking).kind).toBe('dismissed');
  });

  // The get that asked waited for it for ever, far past its fifty seconds.
  it.each(['pinentry', 'zenity'])('%s that does not let itself be ended is not waited for', async (chosen) => {
    install(chosen, `trap '' TERM; echo $$ > ${directory}/prompts; echo OK; while :; do sleep 1; done`);
    const giveUp = new AbortController();
    const asking = ask({ chosen, env: { DISPLAY: ':7' }, signal: giveUp.signal });
    await expect.poll(prompts, { timeout: 15_000 }).not.toBe('');
    giveUp.abort();
    expect((await asking).kind).toBe('dismissed');
    await expect.poll(() => existsSync(`/proc/${prompts().trim()}`), { timeout: 15_000 }).toBe(false);
  });

  it.each([
    ['is not there', undefined],
    ['says nothing', 'exit 0'],
    ['says no', 'echo "ERR 1 no"; cat >/dev/null'],
    ['ends in the middle', 'echo OK; read line; echo OK; exit 1'],
    ['says something else', 'echo hello; exit 0'],
  ])('that %s is nobody', async (_what, script) => {
    if (script !== undefined) install('pinentry', script);
    const env = script === undefined ? { PATH: directory } : {};
    expect((await ask({ env })).kind).toBe('nobody');
  });
});

describe('a dialog', () => {
  const env = { DISPLAY: ':7' };

  it.each(['zenity', 'kdialog'])(
    '%s is asked with the question as an argument, and nothing of the answer in one',
    async (name) => {
      install(name, `printf '%s\\n' "$@" > ${directory}/asked; printf '123456\\n'`);
      expect(typedIn(await ask({ chosen: name, env }))).toBe('123456');
      expect(readFileSync(join(directory, 'asked'), 'utf8')).toContain('MFA code:');
    },
  );

  it('gets no markup and no options out of a question', async () => {
    install('kdialog', `printf '%s\\n' "$@" > ${directory}/asked; printf x`);
    await ask({ chosen: 'kdialog', env, question: '--exec <b>&amp;</b> code' });
    expect(readFileSync(join(directory, 'asked'), 'utf8')).toBe('--title\nrolekeeper\n--password\nexec  b  amp; /b  code\n');
  });

  it.each([
    ['a person who closes it', 'exit 1', 'dismissed'],
    ['its own end of patience', 'exit 5', 'dismissed'],
  ])('zenity with %s', async (_what, script, outcome) => {
    install('zenity', script);
    expect((await ask({ chosen: 'zenity', env })).kind).toBe(outcome);
  });

  it('that waits too long is ended', async () => {
    install('zenity', `touch ${directory}/prompts; echo x > ${directory}/prompts; exec sleep 60`);
    const giveUp = new AbortController();
    const asking = ask({ chosen: 'zenity', env, signal: giveUp.signal });
    await expect.poll(prompts, { timeout: 15_000 }).not.toBe('');
    giveUp.abort();
    expect((await asking).kind).toBe('dismissed');
  });

  it('without a display is nobody, and not started', async () => {
    install('zenity', `touch ${directory}/prompts`);
    expect((await ask({ chosen: 'zenity' })).kind).toBe('nobody');
    expect(existsSync(join(directory, 'prompts'))).toBe(false);
  });

  it('osascript and powershell get the question as data, not as a script', async () => {
    const question = 'code" & do shell script "id';
    install('osascript', `for word do last=$word; done; printf '%s' "$last"`);
    install('powershell.exe', 'printf %s "$PROMPT_QUESTION"');
    expect(typedIn(await ask({ chosen: 'osascript', question }))).toBe('code"   do shell script "id');
    expect(typedIn(await ask({ chosen: 'powershell', question }))).toBe(question);
  });
});

describe('a way of asking', () => {
  it('is nobody where none is there', async () => {
    expect((await ask({ chosen: 'kdialog', env: { PATH: directory, DISPLAY: ':7' } })).kind).toBe('nobody');
  });

  it('refuses a way that there is not', async () => {
    await expect(ask({ chosen: 'telepathy' })).rejects.toMatchObject({ code: 'usage' });
  });
});
