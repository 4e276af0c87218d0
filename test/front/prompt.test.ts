// `status --prompt` through the front: a piece for a shell, or nothing and status 0; never Node. Also the same by the JavaScript program.

import { resolve } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../harness/fake-agent.ts';
import { type Compiled, compile, type FrontWorld, openFrontWorld, readStub, type Spoken } from '../harness/front-world.ts';

const nothing = { status: 0, stderr: '', stdout: Buffer.alloc(0) };

let compiled: Compiled;
let world: FrontWorld;
beforeAll(() => {
  compiled = compile();
});
afterAll(() => compiled.close());
beforeEach(() => {
  world = openFrontWorld();
});
afterEach(() => world.close());

function prompt(args: readonly string[] = ['dev'], env: Readonly<Record<string, string>> = {}): Promise<Spoken> {
  return world.run(compiled.front, ['status', '--prompt', ...args], { env });
}

describe('a prompt', () => {
  it('is what the agent says, and nothing more', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, 'dev 42m')));
    expect(await prompt()).toEqual(expect.objectContaining({ ...nothing, stdout: Buffer.from('dev 42m') }));
    expect(agent.requests.map(({ fields }) => fields.slice(0, 2))).toEqual([['prompt', 'dev']]);
  });

  it('without a profile is that of AWS_PROFILE', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, 'ops 1m')));
    expect((await prompt([], { AWS_PROFILE: 'ops' })).stdout.toString()).toBe('ops 1m');
    expect(await prompt([])).toMatchObject(nothing);
    expect(await prompt([], { AWS_PROFILE: '' })).toMatchObject(nothing);
    expect(agent.requests.map(({ fields }) => fields[1])).toEqual(['ops']);
  });

  it('is nothing without an agent', async () => {
    expect(await prompt()).toMatchObject(nothing);
  });

  it.each([
    ['a pass', '!rolekeeper 1 pass verb\n'],
    ['a failure', answer(5, 'rolekeeper: locked\n')],
    ['an empty piece', answer(0, '')],
    ['a newer protocol', '!rolekeeper 2 exit 0 2\nab'],
    ['half an answer', answer(0, 'dev 42m').slice(0, -1)],
    ['too much', `${answer(0, 'dev')}x`],
    ['too great a length', '!rolekeeper 1 exit 0 65537\n'],
    ['no byte', ''],
  ])('is nothing upon %s', async (_what, bytes) => {
    await world.agent(({ end }) => end(bytes));
    expect(await prompt()).toMatchObject(nothing);
  });

  it.each(['', ' dev', 'a]b', 'ä', 'x'.repeat(257)])('is nothing for the name %j, which nobody is asked about', async (name) => {
    const agent = await world.agent(({ end }) => end(answer(0, 'x')));
    expect(await prompt([name])).toMatchObject(nothing);
    expect(agent.requests).toEqual([]);
  });

  it.each(['', '!', '!rolekeeper 1 exit 0 9\ndev'])('does not wait long for an agent that stops after %j', async (bytes) => {
    const quick = compile({ ackMs: 300 });
    await world.agent(({ send }) => send(bytes));
    const spoken = await world.run(quick.front, ['status', '--prompt', 'dev']);
    quick.close();
    expect(spoken).toMatchObject(nothing);
    expect(spoken.tookMs).toBeLessThan(1_500);
  });

  it('survives a stdout that is closed', async () => {
    await world.agent(({ end }) => end(answer(0, 'dev 42m')));
    expect(await world.run('sh', ['-c', `${compiled.front} status --prompt dev >&-`])).toMatchObject(nothing);
  });

  it.each([
    [['status']],
    [['status', 'dev', '--prompt']],
    [['status', '--prompt', '--json']],
    [['status', '--prompt', 'dev', 'ops']],
  ])('of %j is for Node', async (args) => {
    expect(readStub((await world.run(compiled.front, args)).stdout)?.args.slice(-args.length)).toEqual(args);
  });
});

describe('a prompt by the JavaScript program', () => {
  const program = resolve('dist/rolekeeper.js');
  const byNode = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    world.run(process.execPath, [program, 'status', '--prompt', ...args], { env });

  it('is what the agent says', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, 'dev 42m')));
    expect(await byNode(['dev'])).toMatchObject({ ...nothing, stdout: Buffer.from('dev 42m') });
    expect(await byNode([], { AWS_PROFILE: 'ops' })).toMatchObject({ ...nothing, stdout: Buffer.from('dev 42m') });
    expect(agent.requests.map(({ fields }) => fields.slice(0, 2))).toEqual([
      ['prompt', 'dev'],
      ['prompt', 'ops'],
    ]);
  });

  it('is nothing without an agent, without a profile, and upon a failure', async () => {
    expect(await byNode(['dev'])).toMatchObject(nothing);
    await world.agent(({ end }) => end(answer(5, 'rolekeeper: locked\n')));
    expect(await byNode(['dev'])).toMatchObject(nothing);
    expect(await byNode([])).toMatchObject(nothing);
  });
});
