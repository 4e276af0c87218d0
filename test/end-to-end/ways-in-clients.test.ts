// Every way in that needs no keys of ours, through the built program and the programs that people run.

import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LongClient } from '../harness/long-client.ts';
import { findPython } from '../harness/programs.ts';
import { openWaysWorld, type WaysWorld } from '../harness/ways-world.ts';
import { succeed } from '../harness/world.ts';

let world: WaysWorld;
beforeAll(async () => {
  world = await openWaysWorld();
});
afterAll(() => world.close());

const arnOf = (role: string, session: string) => `arn:aws:sts::222233334444:assumed-role/${role}/${session}`;
const ofPerson = (role: string) => expect.stringMatching(new RegExp(`^${arnOf(role, 'rolekeeper-')}`));
const ways = [
  ['pod', ofPerson('Pod')],
  ['behind-pod', ofPerson('Far')],
  ['printed', arnOf('Pod', 'printed')],
  ['office', arnOf('Office', 'alice@office.example')],
  ['instance', arnOf('Far', 'instance')],
  ['task', arnOf('Far', 'task')],
  ['job', arnOf('Far', 'job')],
] as const;

describe('a get for each way in', () => {
  it.each(ways)('%s, through the aws program; then from the store', async (profile, arn) => {
    const env = world.callerEnv;
    const words = ['sts', 'get-caller-identity', '--profile', profile, '--output', 'json'];
    const { stdout } = await succeed(world.run('aws', words, { env }));
    expect(JSON.parse(stdout)).toMatchObject({ Arn: arn });
    const before = world.sts.log().length;
    await succeed(world.rolekeeper(['get', profile], { env }));
    expect(world.sts.log().length).toBe(before);
  });

  it.each([
    ['boto3', findPython(), 'boto3-steps.py', ''],
    ['the AWS SDK for JavaScript', process.execPath, 'sdk-steps.mjs', 'fromProcess '],
  ])('each of them, through %s', { timeout: 60_000 }, async (_what, command, script, provider) => {
    const path = new URL(`../clients/${script}`, import.meta.url).pathname;
    const client = new LongClient(command, [path], { home: world.home, env: { ...world.env, ...world.callerEnv } });
    try {
      for (const [profile, arn] of ways) expect(await client.ask(`${provider}${profile}`)).toMatchObject({ arn });
    } finally {
      client.close();
    }
  });
});
