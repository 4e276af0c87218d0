// Times programs by a small native spawner (spawner.c), since starting a process from Node costs more than the process that is measured.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Side {
  readonly name: string;
  /** An absolute path, and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Prints nothing, and is not to. Whatever else prints nothing has failed. */
  readonly isSilent?: boolean;
}

export interface Plan {
  readonly rounds: number;
  /** Processes of a side, started one after another without waiting. */
  readonly atOnce: number;
  /** Of all sides. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Timed {
  readonly name: string;
  /** Of each round: from the first start to the last end. */
  readonly roundsMs: readonly number[];
  /** Of each process. */
  readonly eachMs: readonly number[];
  readonly failed: number;
  /** What all sides together wrote to stderr. */
  readonly complaints: string;
}

export interface Spawner {
  /** Every side in every round, in turn first and last. Throws when one cannot be started at all. */
  time(sides: readonly Side[], plan: Plan): Promise<readonly Timed[]>;
  close(): void;
}

/** Throws when there is no C compiler. */
export function buildSpawner(): Spawner {
  const directory = mkdtempSync(join(tmpdir(), 'rk-spawner-'));
  const path = join(directory, 'spawner');
  const { status, stderr, error } = spawnSync('cc', ['-std=c99', '-O2', resolve('test/bench/spawner.c'), '-o', path], {
    encoding: 'utf8',
  });
  const close = () => rmSync(directory, { recursive: true, force: true });
  if (status === 0) return { time: (sides, plan) => time(path, sides, plan), close };
  close();
  throw new Error(`the bench needs a C compiler (apt-get install -y gcc libc6-dev): ${error?.message ?? stderr}`);
}

async function time(path: string, sides: readonly Side[], { rounds, atOnce, env }: Plan): Promise<readonly Timed[]> {
  const words = sides.flatMap((side) => ['--', ...wordsOf(side)]);
  const child = spawn(path, [rounds, atOnce, atOnce, ...words].map(String), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`the spawner failed: ${stderr}`);
  const lines = stdout.trimEnd().split('\n').map(lineOf);
  return sides.map(({ name }, side) => {
    const own = lines.filter((line) => line.side === side);
    return {
      name,
      roundsMs: own.map(({ ms }) => ms),
      eachMs: own.flatMap(({ each }) => each),
      failed: own.reduce((sum, { failed }) => sum + failed, 0),
      complaints: stderr,
    };
  });
}

function wordsOf({ command, env = {}, isSilent = false }: Side): readonly string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [...(isSilent ? ['SILENT=1'] : []), ...variables, ...command];
}

function lineOf(line: string) {
  const [side = 0, ms = 0, failed = 0, ...each] = line.split(' ').map(Number);
  return { side, ms, failed, each };
}
