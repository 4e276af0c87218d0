// docs/sources.md against botocore, the AWS CLI and rolekeeper itself: no key is forgotten, and each row has tests that are there.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recipeSettings } from '../src/config/profile-settings.ts';
import { ignoredSettings } from './same-calls/ignored-settings.ts';
import { intendedDifferences } from './same-calls/intended-differences.ts';

const page = readFileSync('docs/sources.md', 'utf8');
const rows = tableAfter('| key | what rolekeeper does | test |');
const keys = new Set(rows.flatMap(([cell = '']) => codeIn(cell)));

/** Of the AWS CLI itself, by its user guide ("Configuration and credential file settings"): botocore does not read them. */
const cliKeys = [
  ...['output', 'cli_auto_prompt', 'cli_binary_format', 'cli_follow_urlparam', 'cli_help_output', 'cli_history', 'cli_pager'],
  ...['cli_timestamp_format', 's3', 'services', 'endpoint_url'],
];

describe('the table of keys', () => {
  it('has every key that botocore reads', () => {
    const read = botocoreKeys();
    expect(read.length).toBeGreaterThan(50);
    expect(read.filter((key) => !keys.has(key))).toEqual([]);
  });

  it('has every key of the AWS CLI', () => {
    expect(cliKeys.filter((key) => !keys.has(key))).toEqual([]);
  });

  it('has every key of a recipe', () => {
    expect([...recipeSettings].filter((key) => !keys.has(key))).toEqual([]);
  });

  it('says of what the comparison of calls shows to be ignored that it is ignored', () => {
    const ignored = rows.filter(([, does = '']) => does.startsWith('ignored')).flatMap(([cell = '']) => codeIn(cell));
    expect(ignoredSettings.map(([key]) => key).filter((key) => !ignored.includes(key))).toEqual([]);
  });

  it.each(rows)('%s: has tests, and they are there', (...cells) => {
    const tests = codeIn(cells[2] ?? '');
    expect(tests).not.toEqual([]);
    expect(tests.filter((path) => !path.endsWith('.test.ts') || !existsSync(path))).toEqual([]);
  });
});

it('the table of differences has the rules of the comparison, in their words', () => {
  const written = tableAfter('| difference | reason |').map(([name, reason]) => ({ name, reason }));
  expect(written).toEqual(intendedDifferences.map(({ name, reason }) => ({ name, reason })));
});

/** The rows below this header. */
function tableAfter(header: string): readonly (readonly string[])[] {
  const [, ...parts] = page.split(`${header}\n`);
  const table = /^(?:\|.*\n)+/.exec(parts[0] ?? '')?.[0] ?? '';
  const cellsOf = (line: string) => line.split('|').slice(1, -1);
  return table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => cellsOf(line).map((cell) => cell.trim()));
}

function codeIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/ = .*/, ''));
}

function botocoreKeys(): readonly string[] {
  const script = fileURLToPath(new URL('same-calls/botocore-keys.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync('python3', [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`python3 with botocore did not answer (apt-get install python3-botocore): ${stderr}`);
  return stdout.trim().split('\n');
}
