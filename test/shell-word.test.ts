import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProfileName } from '../src/config/names.ts';
import { shellWord } from '../src/shell-word.ts';

describe('shellWord', () => {
  it.each([
    ['dev', 'dev'],
    ['/a/b-c_d.e+f@g:h=i,j%k', '/a/b-c_d.e+f@g:h=i,j%k'],
    ['my corp', '"my corp"'],
    ['x;touch pwn', "'x;touch pwn'"],
    ["it's", `'it'\\''s'`],
    ['$HOME', "'$HOME'"],
    ['~/x', "'~/x'"],
    // zsh takes it for the path of a command.
    ['=ls', '"=ls"'],
    ['', "''"],
  ])('shellWord of %j is %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });

  it('every name of a profile comes out of a shell as it went in', () => {
    const odd = fc.array(fc.constantFrom(...' \'"`$\\;&|<>(){}[*?!~#=%^-.a1ü'), { minLength: 1, maxLength: 12 });
    const names = fc.oneof(
      odd.map((letters) => letters.join('')),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(names.filter(isProfileName), { minLength: 20, maxLength: 40 }), (words) => {
        const script = `printf '%s\\n' ${words.map(shellWord).join(' ')}`;
        expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(`${words.join('\n')}\n`);
      }),
      { numRuns: 50 },
    );
  });
});

/** What goes in as it is: a whole command, words that are quoted already, numbers, and names that are ours or AWS's. */
const plain = [
  /^\$\{[^}]*\}$/,
  /\$\{(?:command|flags|words|words\.join\(' '\)|unit|\w+\.pid|request\.durationSeconds \?\? 3600)\}/g,
  /--access-key-id \$\{[\w.]+\}/g,
  /mfa_serial = \$\{serial\}/,
  /setx \$\{name\}/,
];

// "run `rolekeeper login my corp`", typed so, names two profiles; a `;` in a name ran what comes after it.
describe('commands in the texts of src', () => {
  it('quote the names and paths that they are given', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
    const commands = files.flatMap((path) =>
      [...readFileSync(join('src', path), 'utf8').matchAll(/\\`((?:[^`\\\n]|\\[^`])+)\\`/g)].map(([, inside = '']) => inside),
    );
    const quoted = commands.filter((command) => /\$\{shellWord\(/.test(command));
    expect(quoted.length).toBeGreaterThan(50);
    const left = commands.map((command) => plain.reduce((text, pattern) => text.replace(pattern, ''), command));
    expect(left.filter((command) => /\$\{(?!shellWord\(|[^}]*\.map\(shellWord\))/.test(command))).toEqual([]);
  });
});
