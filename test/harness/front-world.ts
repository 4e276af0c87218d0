// The front, compiled for a test, in a temporary directory where a stub stands in for Node and a scripted agent may listen.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { type Caller, type FakeAgent, startFakeAgent } from './fake-agent.ts';

/** Programs that are compiled once for a test file. */
export interface Compiled {
  readonly directory: string;
  readonly front: string;
  readonly node: string;
  close(): void;
}

export interface Spoken {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly tookMs: number;
}

export interface Speaking {
  readonly pid: number;
  readonly ended: Promise<Spoken>;
}

/** How the stub was started; undefined when what was printed is not the stub's. */
export interface StubReport {
  readonly args: readonly string[];
  readonly fds: readonly number[];
  readonly core: string;
  readonly sigpipe: string;
  readonly env: ReadonlyMap<string, string>;
}

export interface FrontWorld {
  readonly home: string;
  readonly runtime: string;
  readonly env: Readonly<Record<string, string>>;
  agent(talk: (caller: Caller) => unknown): Promise<FakeAgent>;
  run(command: string, args: readonly string[], options?: SpeakOptions): Promise<Spoken>;
  start(command: string, args: readonly string[], options?: SpeakOptions): Speaking;
  close(): Promise<void>;
}

export interface SpeakOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-Wpedantic', '-Wconversion'];

/** Throws with what the compiler says. `node` is the stub, unless the test says what to bake in. */
export function compile({ flags = ['-O2'], node, places = '/nonexistent', ackMs = 5_000 }: CompileOptions = {}): Compiled {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'rk-front-')));
  const stub = join(directory, 'node');
  const front = join(directory, 'rolekeeper');
  gcc(['-O1', resolve('test/harness/stub-node.c'), '-o', stub]);
  const sources = readdirSync('src/front').filter((name) => name.endsWith('.c'));
  const baked = Object.entries({ NODE: node ?? stub, DIST: '/baked/dist', PLACES: places });
  const defines = baked.map(([name, value]) => `-DROLEKEEPER_${name}=${JSON.stringify(value)}`);
  defines.push(`-DROLEKEEPER_ACK_MS=${ackMs}`);
  gcc([...strict, ...flags, ...defines, ...sources.map((name) => resolve('src/front', name)), '-o', front]);
  return { directory, front, node: stub, close: () => rmSync(directory, { recursive: true, force: true }) };
}

export interface CompileOptions {
  readonly flags?: readonly string[];
  readonly node?: string;
  readonly places?: string;
  /** Ample, since the fake agent shares a busy process with its test. The front's own is 300. */
  readonly ackMs?: number;
}

/** A HOME without anything, and a runtime directory for the agent. */
export function openFrontWorld(): FrontWorld {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'rk-')));
  const runtime = join(home, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const env = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', HOME: home, ROLEKEEPER_RUNTIME_DIR: runtime };
  const agents: FakeAgent[] = [];
  const start = (command: string, args: readonly string[], options: SpeakOptions = {}) =>
    speak(command, args, { env: { ...env, ...options.env }, cwd: options.cwd ?? home });
  return {
    home,
    runtime,
    env,
    agent: async (talk) => {
      const agent = await startFakeAgent(runtime, talk);
      agents.push(agent);
      return agent;
    },
    start,
    run: (command, args, options) => start(command, args, options).ended,
    close: async () => {
      await Promise.all(agents.map((agent) => agent.close()));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export function readStub(stdout: Buffer): StubReport | undefined {
  const [first, ...items] = stdout.toString().split('\0');
  if (first !== 'stub') return undefined;
  const all = (kind: string) => items.filter((item) => item.startsWith(`${kind}:`)).map((item) => item.slice(kind.length + 1));
  return {
    args: all('arg'),
    fds: all('fd').map(Number),
    core: all('core').join(),
    sigpipe: all('sigpipe').join(),
    env: new Map(all('env').map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)])),
  };
}

/** An executable shell script. */
export function writeScript(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

function gcc(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error('gcc could not be started; install gcc libc6-dev', { cause: error });
  if (status !== 0) throw new Error(`gcc: ${stderr}`);
}

function speak(
  command: string,
  args: readonly string[],
  { env, cwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
): Speaking {
  const startedAt = performance.now();
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 15_000, killSignal: 'SIGKILL' });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return { pid: child.pid ?? -1, ended: endOf() };

  async function endOf(): Promise<Spoken> {
    const [status] = await once(child, 'close').catch((error: unknown) => {
      throw new Error(`${command} could not be started; install valgrind, util-linux, bsdutils or python3`, { cause: error });
    });
    return {
      status: typeof status === 'number' ? status : null,
      signal: child.signalCode,
      stdout: Buffer.concat(stdout),
      stderr: Buffer.concat(stderr).toString(),
      tookMs: performance.now() - startedAt,
    };
  }
}
