// The JavaScript launcher asks the agent as the front does. Run from dist/, where the program that it loads otherwise is the real one.

import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../harness/fake-agent.ts';
import { type FrontWorld, openFrontWorld, type Spoken } from '../harness/front-world.ts';

const launcher = resolve('dist/rolekeeper.js');
const document = '{"Version":1,"AccessKeyId":"ASIAEXAMPLE"}';

let world: FrontWorld;
beforeEach(() => {
  world = openFrontWorld();
});
afterEach(() => world.close());

function get(profile = 'dev', env: Readonly<Record<string, string>> = {}): Promise<Spoken> {
  return world.run(process.execPath, [launcher, 'get', profile], { env });
}

/** The program itself finds no config in this HOME, and says so. */
function wasTheProgram({ status, stdout, stderr }: Spoken): boolean {
  return status === 3 && stdout.length === 0 && stderr.startsWith('rolekeeper: there is no profile ');
}

describe('the launcher', () => {
  it('prints the answer as it is', async () => {
    await world.agent(({ end }) => end(answer(0, document)));
    expect(await get()).toMatchObject({ status: 0, stderr: '', stdout: Buffer.from(document) });
  });

  it('prints a message as it is, and passes the status on', async () => {
    await world.agent(({ end }) => end(answer(5, 'rolekeeper: locked\n')));
    expect(await get()).toMatchObject({ status: 5, stderr: 'rolekeeper: locked\n', stdout: Buffer.alloc(0) });
  });

  it('prints the longest answer, which comes in parts', async () => {
    const longest = answer(0, 'x'.repeat(65_536));
    await world.agent(async ({ send, end }) => {
      await send(longest.slice(0, 30_000));
      end(longest.slice(30_000));
    });
    expect((await get()).stdout.toString()).toBe('x'.repeat(65_536));
  });

  it('ends it with a newline on a terminal only', async () => {
    await world.agent(({ end }) => end(answer(0, document)));
    const { stdout } = await world.run('script', ['-qec', `${process.execPath} ${launcher} get dev`, '/dev/null']);
    expect(stdout.toString()).toBe(`${document}\r\n`);
  });

  it('sends the same request as the front', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    const env = { AWS_REGION: 'eu-west-1', ROLEKEEPER_CALLER: 'a\nb', AWS_SECRET_ACCESS_KEY: 'never', no_proxy: '' };
    await get('dev', env);
    await world.run(resolve('dist/rolekeeper'), ['get', 'dev'], { env });
    const [own, front] = agent.requests.map(({ fields }) => [...fields.slice(0, 2), ...fields.slice(3).toSorted()]);
    expect(own).toEqual(front);
    const [ownDeadline, frontDeadline] = agent.requests.map(({ fields }) => Number(fields[2]));
    expect(Math.abs((ownDeadline ?? 0) - (frontDeadline ?? 0))).toBeLessThan(5_000);
  });

  it('sends names that the front leaves to it', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    expect(await world.run(resolve('dist/rolekeeper'), ['get', 'prüfung'])).toMatchObject({ stdout: Buffer.from(document) });
    expect(agent.requests.map(({ fields }) => fields[1])).toEqual(['prüfung']);
  });

  it.each([
    ['no ack', ''],
    ['a pass', '!rolekeeper 1 pass busy\n'],
    ['another version', '!rolekeeper 2 exit 0 2\n{}'],
    ['a short answer', '!rolekeeper 1 exit 0 3\n{}'],
    ['a byte after the end', '!rolekeeper 1 exit 0 2\n{}\n'],
    ['a number with zeros', '!rolekeeper 1 exit 0 02\n{}'],
    ['a status that no process can have', '!rolekeeper 1 exit 256 2\nno'],
    ['an endless line', '!'.padEnd(200_000, '0')],
    ['a document that is too long', `!rolekeeper 1 exit 0 65537\n${'x'.repeat(65_537)}`],
  ])('runs the program after %s', async (_what, bytes) => {
    await world.agent(({ end }) => end(bytes));
    expect(wasTheProgram(await get())).toBe(true);
  });

  it('runs the program after 300 ms without an ack, and after garbage at once', async () => {
    await world.agent(({ request, send }) => (request.fields[1] === 'mute' ? undefined : send('!what?!'.repeat(20))));
    const [mute, garbage] = [await get('mute'), await get('garbage')];
    expect([wasTheProgram(mute), wasTheProgram(garbage)]).toEqual([true, true]);
    expect(mute.tookMs).toBeGreaterThan(300);
    expect(garbage.tookMs).toBeLessThan(3_000);
  });

  // It took "longer than 3.8 s" in a tenth of a second.
  it('waits for the answer, whatever happens to the wall clock meanwhile', async () => {
    await world.agent(async ({ send, end }) => {
      await send('!');
      setTimeout(() => end(answer(0, document).slice(1)), 300);
    });
    const asleep = join(world.home, 'asleep.cjs');
    writeFileSync(asleep, 'const { now } = Date; let asked = 0; Date.now = () => now() + (asked++ === 0 ? 0 : 3_600_000);\n');
    expect(await get('dev', { NODE_OPTIONS: `--require=${asleep}` })).toMatchObject({ status: 0, stdout: Buffer.from(document) });
  });

  // It ended with status 1, and without a word.
  it('ends as the program does: killed where that is killed', async () => {
    await world.agent(() => undefined);
    const deadly = join(world.home, 'deadly.cjs');
    writeFileSync(deadly, "if (process.env.ROLEKEEPER_DEADLINE !== undefined) process.kill(process.pid, 'SIGKILL');\n");
    expect(await get('dev', { NODE_OPTIONS: `--require=${deadly}` })).toMatchObject({ status: null, stderr: '' });
  });

  it('waits for an acknowledged answer until 3.8 s', async () => {
    await world.agent(({ send }) => send('!'));
    const { status, stderr, tookMs } = await get();
    expect([status, stderr]).toEqual([
      7,
      'rolekeeper: getting credentials for "dev" took longer than 3.8 s\nrolekeeper: hint: try again\n',
    ]);
    expect(tookMs).toBeGreaterThan(3_700);
  });

  it('asks nobody where there is nobody, or nobody to be trusted', async () => {
    expect(wasTheProgram(await get())).toBe(true);
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    const link = join(world.home, 'link');
    symlinkSync(world.runtime, link);
    expect(wasTheProgram(await get('dev', { ROLEKEEPER_RUNTIME_DIR: link }))).toBe(true);
    chmodSync(world.runtime, 0o750);
    expect(wasTheProgram(await get())).toBe(true);
    chmodSync(world.runtime, 0o700);
    expect(
      wasTheProgram(
        await get('dev', { ROLEKEEPER_X: 'x'.repeat(130_000), ROLEKEEPER_Y: 'x'.repeat(131_000), no_proxy: 'z'.repeat(2_000) }),
      ),
    ).toBe(true);
    expect((await get(' dev')).status).toBe(2);
    rmSync(agent.path);
    writeFileSync(agent.path, '');
    expect(wasTheProgram(await get())).toBe(true);
    expect(agent.requests).toEqual([]);
  });

  it('asks nobody when the front has asked already', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    expect(wasTheProgram(await get('dev', { ROLEKEEPER_DEADLINE: `${Date.now() + 3_000}` }))).toBe(true);
    expect(agent.requests).toEqual([]);
  });

  it('asks nobody for other commands', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    const { stdout } = await world.run(process.execPath, [launcher, '--version']);
    expect(stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await world.run(process.execPath, [launcher, 'get'])).status).toBe(2);
    expect(agent.requests).toEqual([]);
  });
});
