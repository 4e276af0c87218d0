import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeKeysFromCredentials } from '../../src/config/config-edit.ts';
import { lineRuns, unifiedDiff } from '../../src/config/unified-diff.ts';

const path = '/home/alice/.aws/credentials';

describe('unifiedDiff', () => {
  it('shows the lines that change with three lines around them', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
    expect(unifiedDiff(path, before, before.replace('e\n', 'E\nE\n'))).toBe(
      `--- ${path}\n+++ ${path}\n@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+E\n f\n g\n h\n`,
    );
  });

  it('is empty when nothing changes', () => {
    expect(unifiedDiff(path, 'a\n', 'a\n')).toBe('');
  });

  it('shows a file that comes into being, and one that loses all', () => {
    expect(unifiedDiff(path, '', 'a\n')).toBe(`--- ${path}\n+++ ${path}\n@@ -0,0 +1,1 @@\n+a\n`);
    expect(unifiedDiff(path, 'a\n', '')).toBe(`--- ${path}\n+++ ${path}\n@@ -1,1 +0,0 @@\n-a\n`);
  });

  it('says where a final newline is missing', () => {
    expect(unifiedDiff(path, 'a', 'a\nb')).toBe(
      `--- ${path}\n+++ ${path}\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n`,
    );
  });

  it('shows no secret of what goes, comes, changes or stays around it, of any case, in comments and over several lines', () => {
    const before = [
      '[corp]',
      'aws_access_key_id = SECRET-1',
      'AWS_SECRET_ACCESS_KEY:SECRET-2',
      '   SECRET-3',
      '# aws_secret_access_key = SECRET-4',
      'region = x',
      '  ;aws_session_token=SECRET-5',
      'aws_security_token = SECRET-6',
    ].join('\n');
    const after = before.replace('region = x', 'region = y').replace('SECRET-1', 'SECRET-7').replace('SECRET-3', 'SECRET-8');
    expect(unifiedDiff(path, before, after).split('\n')).toStrictEqual([
      `--- ${path}`,
      `+++ ${path}`,
      '@@ -1,8 +1,8 @@',
      ' [corp]',
      '-aws_access_key_id = [secret]',
      '+aws_access_key_id = [secret]',
      ' AWS_SECRET_ACCESS_KEY: [secret]',
      '-  [secret]',
      '+  [secret]',
      ' # aws_secret_access_key = [secret]',
      '-region = x',
      '+region = y',
      '   ;aws_session_token= [secret]',
      ' aws_security_token = [secret]',
      '\\ No newline at end of file',
      '',
    ]);
  });

  it('shows lines that end in a lone return, and where the last has none', () => {
    expect(unifiedDiff(path, '\ra\rb\r', '\ra\rc\rb')).toBe(
      `--- ${path}\n+++ ${path}\n@@ -1,3 +1,4 @@\n \n a\n-b\n+c\n+b\n\\ No newline at end of file\n`,
    );
  });

  it('shows what an import takes out, in a file with Windows newlines', () => {
    const before = '[home]\r\nx=1\r\n\r\n[corp]\r\naws_access_key_id=AKIA\r\naws_secret_access_key=wJalr\r\n';
    expect(unifiedDiff(path, before, removeKeysFromCredentials(before, path, 'corp'))).toBe(
      `--- ${path}\n+++ ${path}\n@@ -1,6 +1,2 @@\n [home]\n x=1\n-\n-[corp]\n-aws_access_key_id= [secret]\n-aws_secret_access_key= [secret]\n`,
    );
  });

  it('is what git-apply needs to make the new text out of the old', () => {
    const line = fc.constantFrom('[a]', 'x = 1', 'y = 2', '', '# z', '-- x', '++ y', '@@ -1 +1 @@', '\\ odd');
    const text = fc
      .tuple(fc.array(line, { maxLength: 20 }), fc.boolean())
      .map(([lines, isEnded]) => lines.join('\n') + (isEnded ? '\n' : ''));
    const directory = mkdtempSync(join(tmpdir(), 'rolekeeper-diff-'));
    try {
      fc.assert(
        fc.property(text, text, (before, after) => {
          const file = join(directory, 'file');
          writeFileSync(file, before);
          const diff = unifiedDiff('file', before, after);
          if (diff === '') return expect(after).toBe(before);
          const run = spawnSync('git', ['apply', '-p0', '--whitespace=nowarn', '-'], {
            cwd: directory,
            input: diff,
            encoding: 'utf8',
          });
          if (run.error !== undefined) throw new Error('git is missing: apt-get install git', { cause: run.error });
          expect(run.stdout + run.stderr).toBe('');
          expect(readFileSync(file, 'utf8')).toBe(after);
        }),
        { seed: 20_260_725, numRuns: 40 },
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('lineRuns', () => {
  it('lineRuns tells how many lines in a row are the same, gone or new', () => {
    expect(lineRuns(['a', 'b', 'c', 'd'], ['a', 'b', 'x', 'd', 'e', 'f'])).toStrictEqual([
      { kind: 'same', count: 2 },
      { kind: 'removed', count: 1 },
      { kind: 'added', count: 1 },
      { kind: 'same', count: 1 },
      { kind: 'added', count: 2 },
    ]);
    expect(lineRuns([], [])).toStrictEqual([]);
  });
});
