// `rolekeeper demo`: a whole day in half a minute, in a sandbox. Runs this very program as callers run it, and shows what it does.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { styleText } from 'node:util';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { type DemoWorld, openDemoWorld } from '../sandbox/demo-world.ts';
import type { Wiring } from '../wiring.ts';
import { writeStdout } from './stdout.ts';

export interface DemoOptions {
  /** Without pauses. */
  readonly isFast: boolean;
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | undefined;
  readonly tookMs: number;
}

/** Throws `unexpected` when a step does not do what it says, `interrupted` when a signal ended it; the sandbox is gone then, too. */
export async function demo({ isFast }: DemoOptions, { env, program }: Pick<Wiring, 'env' | 'program'>): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const callers = frontBeside(program);
    const world = await openDemoWorld(env, callers);
    try {
      await wholeDay(createStage(world, { program: callers, pauseMs: isFast ? 0 : 2_500, signal: interruption.signal }));
    } finally {
      // Where the demo was interrupted in the middle, its agent would outlive it.
      if (interruption.signal.aborted) await runProgram(callers, ['agent', 'stop'], { env: world.env });
      await world.close();
    }
  } catch (error) {
    throw interruption.signal.aborted ? new AppError('interrupted', {}, error) : error;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/** `npm run demo` starts the script; callers start the front, where there is one. */
function frontBeside(program: string): string {
  const front = program.replace(/\.js$/, '');
  return process.platform !== 'win32' && existsSync(front) ? front : program;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Stage {
  readonly world: DemoWorld;
  readonly title: (text: string) => Promise<void>;
  readonly say: (text: string) => void;
  readonly rolekeeper: (...args: readonly string[]) => Promise<Ran>;
  /** Undefined when there is no such program. */
  readonly program: (name: string, ...args: readonly string[]) => Promise<Ran | undefined>;
}

async function wholeDay(stage: Stage): Promise<void> {
  const { world, title, say, rolekeeper } = stage;
  say(
    `A sandbox in ${world.home}: its own home, its own AWS (an STS double on ${world.sts.url}), an age store. Nothing of yours is touched.`,
  );

  await title('Once: the long-term keys move from the credentials file into the store');
  say(contentOf(world.credentialsPath));
  await rolekeeper('import', 'corp', '--yes');
  say(`What is left in ~/.aws/credentials: ${contentOf(world.credentialsPath).trim() || '(nothing)'}`);

  await title('In the morning: one MFA code');
  await rolekeeper('login', 'corp', '--code', world.sts.totp('alice'));

  await title('The first program asks for "dev": one AssumeRole');
  say(masked((await rolekeeper('get', 'dev')).stdout));
  await title('The next one gets the same answer: no call to AWS (a process of its own, which reads the store)');
  await quietly(stage, 0, () => rolekeeper('get', 'dev'));
  await title('With the agent, which outside of this sandbox the first `get` starts by itself');
  await rolekeeper('agent', 'start');
  await quietly(stage, 0, () => rolekeeper('get', 'dev'));
  await quietly(stage, 0, () => rolekeeper('get', 'dev'));
  await rolekeeper('agent', 'stop');
  await title('A second profile from the same session: one AssumeRole, no second MFA code');
  await quietly(stage, 1, () => rolekeeper('get', 'ops'));

  await title('What the `aws` program sees');
  const seen = await stage.program('aws', 'sts', 'get-caller-identity', '--profile', 'dev', '--output', 'json');
  say(
    seen === undefined ? '(it is not installed here; with it you would see the role Dev)' : `${seen.stdout}${seen.stderr}`.trim(),
  );

  await title(
    'Seventy minutes later: the role has expired (the sandbox turns the clock of its AWS, and rolekeeper follows that clock)',
  );
  world.sts.advance(70 * 60_000);
  await rolekeeper('refresh', 'ops', '--force');
  await quietly(stage, 1, () => rolekeeper('get', 'dev'));
  say('New credentials, and nobody was asked anything.');

  await title('AWS is down: what is valid stays served');
  world.sts.fault({ kind: 'unavailable', status: 503 });
  await rolekeeper('refresh', 'dev', '--force');
  await quietly(stage, 0, () => rolekeeper('get', 'dev'));
  world.sts.clearFaults();

  await title('The end of the day (the times are those of this machine)');
  say((await rolekeeper('status')).stdout);
}

/** Runs one step that should make so many AssumeRole calls, and says how many it made. */
async function quietly({ world, say }: Stage, expectedCalls: number, step: () => Promise<Ran>): Promise<void> {
  const before = world.sts.calls().AssumeRole;
  const { tookMs, stdout } = await step();
  const calls = world.sts.calls().AssumeRole - before;
  if (calls !== expectedCalls || stdout === '') {
    throw new AppError('unexpected', { problem: `the demo saw ${calls} AssumeRole calls where ${expectedCalls} belong` });
  }
  say(`answered in ${Math.round(tookMs)} ms; AssumeRole calls: ${calls}`);
}

interface StageOptions {
  /** As callers run it. */
  readonly program: string;
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

function createStage(world: DemoWorld, { program: own, pauseMs, signal }: StageOptions): Stage {
  const say = (text: string) => writeStdout(`${text}\n`);
  const show = (words: readonly string[]) => say(styleText('cyan', `$ ${words.join(' ')}`));
  const program = async (name: string, ...args: readonly string[]) => {
    show([name, ...args]);
    return runProgram(name, args, { env: world.env, signal });
  };
  return {
    world,
    say,
    program,
    title: async (text) => {
      await pause(pauseMs, undefined, { signal });
      say(`\n${styleText('bold', text)}`);
    },
    rolekeeper: async (...args) => {
      show(['rolekeeper', ...args]);
      const ran = await runProgram(own, args, { env: world.env, signal });
      if (ran === undefined) throw new AppError('unexpected', { problem: 'the demo cannot start rolekeeper itself' });
      if (ran.stderr !== '') say(styleText('gray', ran.stderr.trimEnd()));
      return ran;
    },
  };
}

function runProgram(
  name: string,
  args: readonly string[],
  options: { readonly env: Environment; readonly signal?: AbortSignal },
): Promise<Ran | undefined> {
  const startedAt = performance.now();
  const child = spawn(name, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve(undefined) : reject(error)));
    child.once('close', (code) => resolve({ stdout, stderr, status: code ?? undefined, tookMs: performance.now() - startedAt }));
  });
}

function contentOf(path: string): string {
  return masked(readFileSync(path, 'utf8'));
}

/** The sandbox's secrets open nothing, but a screen is no place for what looks like one. */
function masked(text: string): string {
  return text
    .replace(/("(?:SecretAccessKey|SessionToken)":")[^"]*/g, '$1[secret]')
    .replace(/(aws_secret_access_key = ).*/g, '$1[secret]');
}
