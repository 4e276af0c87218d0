import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSmallFile } from '../../src/system/small-file.ts';
import { runProgram } from '../harness/run-program.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-small-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('readSmallFile', () => {
  it('gives the text as it is, through links too, as a cluster makes them', () => {
    writeFileSync(join(directory, 'token'), 'text\n');
    symlinkSync('token', join(directory, 'link'));
    expect(readSmallFile(join(directory, 'link'))).toEqual({ kind: 'ok', text: 'text\n' });
  });

  it('says that there is no file', () => {
    expect(readSmallFile(join(directory, 'token'))).toEqual({ kind: 'problem', problem: 'there is no such file' });
  });

  it('reads no directory', () => {
    mkdirSync(join(directory, 'token'));
    expect(readSmallFile(join(directory, 'token'))).toMatchObject({ kind: 'problem' });
  });

  it('reads nothing that is larger than any token', () => {
    writeFileSync(join(directory, 'token'), 'x'.repeat(256 * 1024 + 1));
    expect(readSmallFile(join(directory, 'token'))).toEqual({ kind: 'problem', problem: 'it is larger than 256 KiB' });
  });

  it('does not wait for the writer of a pipe', async () => {
    const pipe = join(directory, 'token');
    await runProgram('mkfifo', [pipe], { env: {}, install: 'coreutils' });
    chmodSync(pipe, 0o600);
    expect(readSmallFile(pipe)).toEqual({ kind: 'problem', problem: 'it is not a file' });
  });
});
