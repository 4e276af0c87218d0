import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProfileName, parseProfileName } from '../../src/config/names.ts';
import { processLine } from '../../src/config/process-line.ts';
import { ownProfile } from '../../src/config/profile-settings.ts';
import { AppError } from '../../src/errors.ts';

const program = '/usr/local/bin/rolekeeper';

function lineOrRefusal(name: string): string | undefined {
  try {
    return processLine(program, parseProfileName(name));
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

describe('processLine', () => {
  it('processLine is bare for a plain name and quotes a name with blanks', () => {
    expect(lineOrRefusal('dev')).toBe(`${program} get dev`);
    expect(lineOrRefusal('my dev')).toBe(`${program} get "my dev"`);
  });

  it('processLine takes every character that is safe everywhere', () => {
    const path = '/aZ09_-./+@:=,%\\';
    expect(processLine(path, parseProfileName('aZ09_-./+@:=,'))).toBe(`${path} get aZ09_-./+@:=,`);
    expect(processLine(path, parseProfileName('aZ09_-. /+@:=,'))).toBe(`${path} get "aZ09_-. /+@:=,"`);
  });

  it.each([
    ...['/opt/my tools/rolekeeper', '/opt/a;b', '/home/~x', '/opt/$HOME/x', '/opt/a#b', '/opt/a&b', '/opt/a*b', '/opt/a|b'],
    ...['', '~/rolekeeper', '/opt/rolekeeper ', '/opt/"x"', "/opt/'", '/opt/a\nb', '/opt/é'],
  ])('processLine refuses the program %j, which some SDK could not run', (path) => {
    const details = {
      problem: `the path of rolekeeper, ${JSON.stringify(path)}, holds characters that some SDK cannot run`,
      hint: 'install it in a directory without blanks and special characters',
    };
    expect(() => processLine(path, parseProfileName('dev'))).toThrow(expect.objectContaining({ code: 'usage', details }));
  });

  it.each(['d$v', '$v', 'v$', 'my $', '$ v', 'a"b', "o'brien", 'a%b', 'a\\b', 'é', 'a\u00a0b', 'a~', 'a&b', 'a*'])(
    'processLine refuses the profile %j, which some SDK could not pass on',
    (name) => {
      const details = {
        problem: `the profile name ${JSON.stringify(name)} holds characters that some SDK cannot pass on`,
        hint: 'rename the profile: letters, digits, blanks and -._/+@:=, are safe',
      };
      expect(() => processLine(program, parseProfileName(name))).toThrow(expect.objectContaining({ code: 'usage', details }));
    },
  );

  it('every line is split by a shell into the program, get and the name, and read back as ours', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isProfileName);
    fc.assert(
      fc.property(fc.array(names, { maxLength: 20 }), (many) => {
        const lines = many.map(lineOrRefusal).filter((line) => line !== undefined);
        const asked = many.filter((name) => lineOrRefusal(name) !== undefined);
        const script = lines.map((line) => `printf '%s\\0' ${line}\n`).join('');
        const words = spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout.split('\0').slice(0, -1);
        expect(words).toEqual(asked.flatMap((name) => [program, 'get', name]));
        expect(lines.map(ownProfile)).toEqual(asked);
      }),
      { numRuns: 40 },
    );
  });
});

describe('ownProfile', () => {
  it.each([
    ['/x/rolekeeper get dev', 'dev'],
    ['"/x/rolekeeper" get "my dev"', 'my dev'],
    ["rolekeeper get 'dev'", 'dev'],
    ['C:\\tools\\rolekeeper.cmd get dev', 'dev'],
    ['/x/rolekeeper get --debug dev', 'dev'],
    ['/x/dist/rolekeeper.js get dev', 'dev'],
    ['node /x/dist/rolekeeper.js get dev', 'dev'],
    ['"C:\\Program Files\\nodejs\\node.exe" C:\\x\\rolekeeper.js get "my dev"', 'my dev'],
    ['node /x/granted.js get dev', undefined],
    ['node get dev', undefined],
    ['/x/rolekeeper.json get dev', undefined],
    ['/x/rolekeeper login dev', undefined],
    ['/x/aws-vault exec dev', undefined],
    ['/x/rolekeeper get', undefined],
    ['', undefined],
  ])('ownProfile of %j is %s', (command, profile) => {
    expect(ownProfile(command)).toBe(profile);
  });
});
