// A long-running program on the AWS SDK for JavaScript, by each way the SDK has to a profile.

import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LongClient } from '../harness/long-client.ts';
import { until } from '../harness/session-bus.ts';
import { openUsualWorld, roleArn, rolePair, type World } from '../harness/world.ts';

const devArn = 'arn:aws:sts::222233334444:assumed-role/Dev/alice';
const opsArn = 'arn:aws:sts::222233334444:assumed-role/Ops/alice';
let world: World;
let sdk: LongClient;
let passedMinutes = 0;
beforeEach(async () => {
  passedMinutes = 0;
  world = await openUsualWorld();
  // This SDK takes no section whose name has spaces; the line may still have them.
  const spaced = rolePair('spaced', { role_arn: roleArn('Ops'), source_profile: 'corp' })
    .replace('get spaced', 'get "name with spaces"')
    .replace('[rolekeeper spaced]', '[rolekeeper "name with spaces"]');
  world.writeConfig(`${world.readConfig()}\n${spaced}${rolePair('gone', { role_arn: roleArn('Gone'), source_profile: 'corp' })}`);
  // This SDK reads endpoint_url only of the profile that AWS_PROFILE names.
  const env = { ...world.env, AWS_ENDPOINT_URL_STS: world.sts.url };
  const script = new URL('../clients/sdk-steps.mjs', import.meta.url).pathname;
  sdk = new LongClient(process.execPath, [script], { home: world.home, env });
});
afterEach(async () => {
  sdk.close();
  await world.close();
});

/** AWS's clock, the client's, and ours as its child. */
function moveClocks(minutes: number): void {
  world.sts.advance(minutes * 60_000);
  passedMinutes += minutes;
  sdk.moveClock(passedMinutes * 60_000);
}

function assumed(): number {
  return world.sts.calls().AssumeRole;
}

describe('the AWS SDK for JavaScript', () => {
  it('fromProcess, fromIni, the provider chain and a client of a profile get the same credentials, account included', async () => {
    const first = await sdk.ask('fromProcess dev');
    expect(first).toEqual({ arn: devArn, accessKeyId: expect.stringMatching(/^ASIA/), accountId: '222233334444' });
    for (const provider of ['fromIni', 'fromNodeProviderChain', 'default'])
      expect(await sdk.ask(`${provider} dev`)).toEqual(first);
    expect(assumed()).toBe(1);
    expect(await sdk.ask('default corp')).toMatchObject({
      arn: 'arn:aws:iam::123456789012:user/alice',
      accountId: '123456789012',
    });
    expect(await sdk.ask('default spaced')).toMatchObject({ arn: opsArn });
    expect(await sdk.ask('fromProcess spaced')).toMatchObject({ arn: opsArn });
  });

  it('has new credentials before the old ones end: fromProcess waits for them, the default chain takes them when they are there', async () => {
    const first = await sdk.ask('default dev');
    expect(await sdk.ask('fromProcess dev')).toEqual(first);
    moveClocks(50);
    expect([await sdk.ask('default dev'), await sdk.ask('fromProcess dev')]).toEqual([first, first]);
    moveClocks(6);
    const second = await sdk.ask('fromProcess dev');
    expect(second).toEqual({ ...first, accessKeyId: expect.not.stringMatching(first.accessKeyId ?? '') });
    await until(async () => (await sdk.ask('default dev')).accessKeyId === second.accessKeyId, 'the default chain has them too');
    expect(assumed()).toBe(2);
  });

  it('fromProcess shows the two lines of a failure', async () => {
    const { stderr } = await world.rolekeeper(['get', 'gone']);
    expect(stderr).toMatch(/^rolekeeper: .+\nrolekeeper: hint: .+\n$/);
    expect((await sdk.ask('fromProcess gone')).error).toContain(stderr);
    expect((await sdk.ask('fromIni gone')).error).toContain(stderr);
  });
});
