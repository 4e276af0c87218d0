// The completion scripts in real shells: a line is typed, TAB is pressed, and what stands there is looked at.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompletionShell, commandTable, completionShells, everywhere } from '../../src/completion/command-table.ts';
import { type Finished, runProgram } from '../harness/run-program.ts';

const program = resolve('dist/rolekeeper');
const driver = fileURLToPath(new URL('../harness/shell-driver.py', import.meta.url));

let home: string;
let env: Readonly<Record<string, string>>;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-shell-'));
  for (const name of ['bin', '.aws']) mkdirSync(join(home, name));
  symlinkSync(program, join(home, 'bin/rolekeeper'));
  writeFileSync(
    join(home, '.aws/config'),
    '[profile dev]\n[profile sso:team-a]\n[profile "it\'s mine"]\n[profile über]\n[rolekeeper only]\n[default]\n',
  );
  env = { HOME: home, PATH: `${home}/bin:${process.env['PATH'] ?? ''}`, ROLEKEEPER_STATE_DIR: join(home, 'state') };
  for (const shell of completionShells) writeFileSync(join(home, shell), script(shell));
  writeFileSync(join(home, 'zsh'), `autoload -U compinit; compinit -u -D\n${script('zsh')}`);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function script(shell: CompletionShell): string {
  return execFileSync(program, ['completion', shell], { encoding: 'utf8', env });
}

async function run(name: string, args: readonly string[], given: Readonly<Record<string, string>> = env): Promise<Finished> {
  return await runProgram(name, args, { env: given, cwd: home, install: `apt-get install -y --no-install-recommends ${name}` });
}

/** What stands on the command line after each of these lines and a TAB. */
async function typed(
  shell: 'bash' | 'zsh',
  given: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, string>> {
  const { status, stdout, stderr } = await run('python3', [driver, shell, join(home, shell), ...given], {
    ...env,
    ...variables,
  });
  if (status !== 0) throw new Error(stderr);
  const results: unknown = JSON.parse(stdout);
  if (!Array.isArray(results)) throw new Error(stdout);
  return new Map(given.map((line, index) => [line, String(results[index]).trimEnd()]));
}

const lines = [
  ['a command', 'rolekeeper unins', 'rolekeeper uninstall '],
  ['an option of the command', 'rolekeeper import --und', 'rolekeeper import --undo '],
  ['an option of all commands', 'rolekeeper get --deb', 'rolekeeper get --debug '],
  ['a profile', 'rolekeeper get dev', 'rolekeeper get dev '],
  ['a profile with a unique beginning', 'rolekeeper get on', 'rolekeeper get only '],
  ['a profile after options', 'rolekeeper --debug login --code 123456 on', 'rolekeeper --debug login --code 123456 only '],
  ['a second profile where several are taken', 'rolekeeper refresh dev on', 'rolekeeper refresh dev only '],
  ['no second profile where one is taken', 'rolekeeper get dev on', 'rolekeeper get dev on'],
  ['a choice of an option', 'rolekeeper env --shell pow', 'rolekeeper env --shell powershell '],
  ['a choice of a command', 'rolekeeper completion zs', 'rolekeeper completion zsh '],
  ['a profile with a colon', 'rolekeeper get sso:te', 'rolekeeper get sso:team-a '],
  ['a profile with a colon, before it', 'rolekeeper get ss', 'rolekeeper get sso:team-a '],
  ['a profile with letters of other languages', 'rolekeeper get ü', 'rolekeeper get über '],
  ['a program after exec', 'rolekeeper exec dev -- rolekeepe', 'rolekeeper exec dev -- rolekeeper '],
  ['nothing where a text is typed', 'rolekeeper import --keys on', 'rolekeeper import --keys on'],
] as const;

describe.each(['bash', 'zsh'] as const)('%s', (shell) => {
  let shown: ReadonlyMap<string, string>;
  beforeAll(async () => {
    shown = await typed(shell, [...lines.map(([, line]) => line), 'rolekeeper get it']);
  });

  it.each(lines)('completes %s', (_what, line, expected) => {
    // zsh writes the colon of a plain word with a backslash, which means the same.
    expect(shown.get(line)?.replace('sso\\:', 'sso:')).toBe(expected.trimEnd());
  });

  it('completes a profile that needs quotes so that the shell reads one word', async () => {
    const word = shown.get('rolekeeper get it')?.replace('rolekeeper get ', '') ?? '';
    expect((await run(shell, ['-c', `printf '%s|' ${word}`])).stdout).toBe("it's mine|");
  });
});

describe('bash', () => {
  it('completes inside quotes', async () => {
    const line = `rolekeeper get "it's m`;
    expect((await typed('bash', [line])).get(line)).toBe(`rolekeeper get "it's mine"`);
  });

  // A config file may come from somebody else.
  const names = [
    'a$(touch harm)b',
    'c"; touch harm; "d',
    "e'; touch harm; 'f",
    'g`touch harm`h',
    'i\\j',
    'k!l',
    'm:n o',
    'p=q r',
    's@t u',
    'v&w x',
    'y~z',
  ] as const;
  it.each([
    ['no quotes', ''],
    ['double quotes', '"'],
    ['single quotes', "'"],
  ])('completes a name with characters that mean something, so that the shell reads one word: in %s', async (_how, quote) => {
    const path = join(home, 'hostile');
    writeFileSync(path, names.map((name) => `[profile "${name.replace(/["\\]/g, '\\$&')}"]\n`).join(''));
    const begun = names.map((name) => `rolekeeper get ${quote}${name.slice(0, 1)}`);
    const shown = await typed('bash', begun, { AWS_CONFIG_FILE: path });
    const words = begun.map((line) => shown.get(line)?.replace('rolekeeper get ', '') ?? '');
    expect((await run('bash', ['-c', `printf '%s\\n' ${words.join(' ')}`])).stdout.trimEnd().split('\n')).toEqual(names);
    expect(existsSync(join(home, 'harm'))).toBe(false);
  });

  it.each(['p=q-r', 's@t-u', 'v:w:x'])('completes %s after each of its characters', async (name) => {
    const path = join(home, 'broken-words');
    writeFileSync(path, `[profile ${name}]\n`);
    const begun = [...name].flatMap((_char, at) =>
      at === 0 ? [] : ['', '"', "'"].map((quote) => `rolekeeper get ${quote}${name.slice(0, at)}`),
    );
    const shown = await typed('bash', begun, { AWS_CONFIG_FILE: path });
    const expected = begun.map((line) => `rolekeeper get ${/["']/.exec(line) ?? ''}${name}${/["']/.exec(line) ?? ''}`);
    expect(begun.map((line) => shown.get(line))).toEqual(expected);
  });

  it('completes what was quoted in pieces', async () => {
    const begun = [`'it'\\''s m`, `"it'"s\\ m`, '"sso:te', '"sso":te', 'sso\\:te'].map((word) => `rolekeeper get ${word}`);
    const shown = await typed('bash', begun);
    const words = begun.map((line) => shown.get(line)?.replace('rolekeeper get ', '') ?? '');
    expect((await run('bash', ['-c', `printf '%s|' ${words.join(' ')}`])).stdout).toBe(
      "it's mine|it's mine|sso:team-a|sso:team-a|sso:team-a|",
    );
  });

  it('leaves nothing for the history to expand', async () => {
    const path = join(home, 'history');
    writeFileSync(path, '[profile k!l]\n');
    const line = 'rolekeeper get "k';
    expect((await typed('bash', [line], { AWS_CONFIG_FILE: path })).get(line)).toBe(`rolekeeper get "k"'!'"l"`);
  });

  it('keeps the script free of what shellcheck warns of', async () => {
    const { stdout } = await run('shellcheck', ['-s', 'bash', join(home, 'bash')]);
    expect(stdout).toBe('');
  });
});

describe('fish', () => {
  async function offered(line: string): Promise<readonly string[]> {
    const { stdout, stderr } = await run('fish', ['--no-config', '-c', `source ${home}/fish; complete -C ${quoted(line)}`]);
    expect(stderr).toBe('');
    return stdout.split('\n').flatMap((entry) => (entry === '' ? [] : [entry.split('\t')[0] ?? '']));
  }
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

  it.each(lines)('completes %s', async (_what, line, expected) => {
    const word = expected.split(' ').at(-2) ?? '';
    expect(await offered(line)).toEqual(expected.endsWith(' ') ? expect.arrayContaining([word]) : []);
  });

  it('offers every command once, with what it does', async () => {
    expect([...(await offered('rolekeeper '))].sort()).toEqual(commandTable.map(({ name }) => name).sort());
  });
});

describe('the profiles', () => {
  it('__profiles lists them one a line', async () => {
    expect((await run(program, ['__profiles'])).stdout.split('\n').sort()).toEqual(
      ['', 'default', 'dev', "it's mine", 'only', 'sso:team-a', 'über'].sort(),
    );
  });

  it.each(['[profile broken\n', '\xff'])('__profiles is silent about a file that cannot be read (%j)', async (text) => {
    const path = join(home, 'broken');
    writeFileSync(path, text, 'latin1');
    const ran = await run(program, ['__profiles'], { ...env, AWS_CONFIG_FILE: path });
    expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('__profiles loads no parser of options: it takes about as long as a get', async () => {
    const { stdout } = await run(process.execPath, [
      '-e',
      `process.argv = ['node', ${JSON.stringify(`${program}.js`)}, '__profiles'];
       process.on('exit', () => console.log(Object.keys(require.cache).filter((path) => path.includes('cli-')).length));
       require(${JSON.stringify(`${program}.js`)})`,
    ]);
    expect(stdout).toMatch(/^0\n/);
  });
});

describe('the table', () => {
  const help = (...args: readonly string[]) => execFileSync(program, [...args, '--help'], { encoding: 'utf8', env });
  const optionsOf = (text: string) => [...text.matchAll(/^ +(?:-\w, )?--([a-z][a-z-]*)/gm)].map(([, name = '']) => name).sort();

  it('has the commands that --help lists, and what they take', () => {
    const listed = [...help().matchAll(/^ {2}rolekeeper (\S+)((?: [[<]\S+[\]>])*)/gm)].map(([, name, args = '']) => [
      name,
      args.trim(),
    ]);
    const known = commandTable.map(({ name, takes }) => [name, usageOf(name, takes)]);
    expect([...known].sort()).toEqual([...listed].sort());
  });

  it.each(commandTable)('has the options of $name, with their choices', ({ name, options, takes }) => {
    const text = help(name);
    expect([...options, ...everywhere].map((option) => option.name).sort()).toEqual(optionsOf(text));
    for (const { name: option, value } of options) {
      const [entry = ''] = new RegExp(`--${option} [^]*?(?=\\n +(?:-\\w, )?--|$)`).exec(text) ?? [];
      expect([option, entry.includes('[boolean]')]).toEqual([option, value === 'nothing']);
    }
    const choices = [...options.map(({ value }) => value), takes].filter((words) => typeof words !== 'string').flat();
    for (const choice of choices) expect(text).toContain(`"${choice}"`);
  });
});

function usageOf(name: string, takes: (typeof commandTable)[number]['takes']): string {
  switch (takes) {
    case 'nothing':
      return '';
    case 'profiles':
      return '[profiles..]';
    case 'profile':
    case 'program':
      // Keys have the name of their profile, unless somebody gave them another.
      if (name === 'forget-keys') return '<name>';
      return ['log', 'login', 'logout', 'status'].includes(name) ? '[profile]' : '<profile>';
    default:
      return name === 'completion' ? '<shell>' : '<action>';
  }
}
