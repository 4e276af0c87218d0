// moto_server as an outside STS: a second implementation, with signature checks switched on.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { runProgram } from './run-program.ts';

export interface MotoServer {
  readonly url: string;
  readonly alice: { readonly arn: string; readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A user without any permission. */
  readonly bob: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Trusts alice, with the external id `ext-1`. */
  readonly roleArn: string;
  /** Checks nothing from now on: any credentials will do, those of another STS too. */
  letEverybodyIn(): Promise<void>;
  stop(): Promise<void>;
}

/** Takes a few seconds to start. From then on signatures, tokens, policies and external ids are checked. */
export async function startMoto(): Promise<MotoServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' },
    stdio: 'ignore',
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  try {
    const failed = once(child, 'error').then(([error]) => {
      throw new Error('moto_server could not be started; install it with pip install "moto[server]"', { cause: error });
    });
    await Promise.race([failed, untilItAnswers(url)]);
    const world = await fill(url);
    await checkAfter('0', url);
    return { url, ...world, letEverybodyIn: () => checkAfter('inf', url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** That many requests go unchecked. */
async function checkAfter(requests: '0' | 'inf', url: string): Promise<void> {
  await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: requests });
}

async function fill(url: string): Promise<Pick<MotoServer, 'alice' | 'bob' | 'roleArn'>> {
  const script = new URL('moto-world.py', import.meta.url).pathname;
  const { status, stdout, stderr } = await runProgram('python3', [script, url], {
    env: { HOME: '/nonexistent' },
    install: 'python3 with boto3',
  });
  if (status !== 0) throw new Error(`moto could not be filled: ${stderr}`);
  return JSON.parse(stdout);
}

async function untilItAnswers(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await wait(100);
  }
  throw new Error('moto_server did not answer within 30 s');
}

// moto_server -p 0 does not tell its port.
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
