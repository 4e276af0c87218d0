// A keychain of single files, each written whole, with Windows's limit; and a process that writes or reads one long item in it.

import { spawn } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { type RawItems, withChunks } from '../../src/stores/windows-chunks.ts';

export interface ChunkTask {
  readonly directory: string;
  readonly letter: string;
  readonly writes: number;
  readonly reads: number;
}

export interface ChunkResult {
  readonly good: number;
  readonly absent: number;
  /** What was read and never written: its first characters. */
  readonly bad: readonly string[];
}

export function runChunkUser(script: string, task: ChunkTask): Promise<ChunkResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) => (status === 0 ? resolve(JSON.parse(out)) : reject(new Error(`it ended with ${status}`))));
  });
}

function fileItems(directory: string): RawItems {
  const pathOf = (account: string) => join(directory, encodeURIComponent(account));
  const orAbsent = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return {
    get: async (account) => orAbsent(() => readFileSync(pathOf(account), 'utf8')),
    async set(account, text) {
      if (Buffer.byteLength(text) > 2560) throw new Error('The stub received bad data.');
      const temporary = `${pathOf(account)}.${process.pid}`;
      writeFileSync(temporary, text);
      renameSync(temporary, pathOf(account));
    },
    delete: async (account) => orAbsent(() => rmSync(pathOf(account)) === undefined) ?? false,
  };
}

async function use({ directory, letter, writes, reads }: ChunkTask): Promise<ChunkResult> {
  const items = withChunks(fileItems(directory), { pause: wait, random: Math.random });
  for (let n = 0; n < writes; n++) await items.set('keys/corp', letter.repeat(3_000 + n * 200));
  const values: (string | undefined)[] = [];
  for (let n = 0; n < reads; n++) values.push(await items.get('keys/corp'));
  // Both may come of writers in the way for longer than a reader waits.
  const present = values.flatMap((value) => (value === undefined || value.startsWith('chunked:') ? [] : [value]));
  const bad = present.filter((value) => !/^([a-d])\1{2999,}$/.test(value)).map((value) => value.slice(0, 80));
  return { good: present.length - bad.length, absent: values.length - present.length, bad };
}

const [, , argument] = process.argv;
if (argument?.startsWith('{')) writeSync(1, JSON.stringify(await use(JSON.parse(argument))));
