// A process that takes locks when it is told to. Bundled by lock-workers.ts; reads one JSON command a line, answers with one JSON line.

import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { HeldLock, Lock } from '../../src/ports/lock.ts';
import { createLock } from '../../src/system/lock.ts';
import { createSilentLog } from '../../src/system/log.ts';
import { pause } from '../../src/system/pause.ts';
import { type Command, nameOf, type Race, type Reply } from './lock-words.ts';

const [kind = '', base = '', shiftMs = '0', staleMs = '2000'] = process.argv.slice(2);
const lock = openLock();
let letGo: () => void = () => undefined;
const released = new Promise<void>((resolve) => {
  letGo = resolve;
});

const realNow = Date.now;
Date.now = () => realNow() + Number(shiftMs);

for await (const line of createInterface({ input: process.stdin })) {
  const command: Command = JSON.parse(line);
  if (command.op === 'release') letGo();
  else
    answer(command).then(say, (error: unknown) => {
      say({ failed: String(error) });
    });
}

function answer(command: Command): Promise<Reply> {
  if (command.op === 'race') return race(command);
  if (command.op === 'hold') return hold(command);
  return command.op === 'spawn' ? spawnChild() : tryOnce(command);
}

async function race({ rounds = [0], ...rest }: Command): Promise<Reply> {
  return { races: await Promise.all(rounds.map((round) => raceOne(round, rest))) };
}

// Whoever holds the lock first makes the result; everybody who gets in looks whether anybody else is in.
async function raceOne(round: number, { waitMs = 0, meanwhile = false }: Command | Omit<Command, 'rounds'>): Promise<Race> {
  const result = join(base, `result-${round}`);
  const seen = async (): Promise<string | undefined> => (existsSync(result) ? 'seen' : undefined);
  const outcome = await lock.withLock<string>(nameOf(round), { waitMs, ...(meanwhile ? { meanwhile: seen } : {}) }, (held) =>
    workAlone(round, result, held),
  );
  return { kind: outcome.kind, value: outcome.kind === 'busy' ? '' : outcome.value };
}

async function workAlone(round: number, result: string, held: HeldLock): Promise<string> {
  const marker = join(base, `inside-${round}`);
  const isAlone = makeNew(marker) && !existsSync(join(base, `victim-in-${round}`));
  const isFirst = !existsSync(result);
  await pause(isFirst ? 2 : 0);
  const wasLost = held.lost.aborted;
  if (isFirst && !wasLost) writeFileSync(result, `${process.pid}`);
  if (isAlone) unlinkSync(marker);
  return `${isAlone ? 'alone' : 'not-alone'} ${isFirst ? 'made' : 'found'} ${wasLost ? 'lost' : 'kept'}`;
}

async function hold({ rounds = [0], waitMs = 0 }: Command): Promise<Reply> {
  let waiting = rounds.length;
  const outcomes = rounds.map((round) =>
    lock.withLock<string>(nameOf(round), { waitMs }, async (held) => {
      waiting -= 1;
      if (waiting === 0) say({ kind: 'holding' });
      await released;
      return held.lost.aborted ? 'lost' : 'kept';
    }),
  );
  const [first] = await Promise.all(outcomes);
  return { kind: first?.kind ?? '', value: first?.kind === 'held' ? first.value : '' };
}

async function tryOnce({ rounds: [round = 0] = [], waitMs = 0 }: Command): Promise<Reply> {
  const from = performance.now();
  const outcome = await lock.withLock<string>(nameOf(round), { waitMs }, async () => 'done');
  return { kind: outcome.kind, tookMs: Math.round(performance.now() - from) };
}

// A child that outlives its parent, as the agent's start or a detached refresh does.
async function spawnChild(): Promise<Reply> {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore', detached: true });
  return { kind: 'spawned', value: `${child.pid}` };
}

function openLock(): Lock {
  if (kind === 'none') return { withLock: async (_name, _wait, work) => ({ kind: 'held', value: await work(neverLost()) }) };
  const owner = { uid: process.getuid?.(), home: base };
  const lease = { staleMs: Number(staleMs), updateMs: Number(staleMs) / 3 };
  return createLock({ base, machine: 'machine', owner, log: createSilentLog(), env: { ROLEKEEPER_LOCK: kind }, ...lease });
}

function neverLost(): HeldLock {
  return { lost: new AbortController().signal };
}

function makeNew(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'));
    return true;
  } catch {
    return false; // somebody else made it and has not removed it: two are inside
  }
}

function say(reply: Reply): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
