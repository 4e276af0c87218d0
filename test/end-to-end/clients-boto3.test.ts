// A long-running boto3 program: how often it runs us, and what it gets when its credentials run out.

import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LongClient } from '../harness/long-client.ts';
import { findPython } from '../harness/programs.ts';
import { openUsualWorld, program, roleArn, rolePair, succeed, type World } from '../harness/world.ts';

let world: World;
let boto3: LongClient;
let passedMinutes = 0;
beforeEach(async () => {
  passedMinutes = 0;
  world = await openUsualWorld();
  const short = rolePair('short', { role_arn: roleArn('Dev'), source_profile: 'corp', duration_seconds: '900' });
  const spaced = rolePair('SPACED', { role_arn: roleArn('Ops'), source_profile: 'corp' }).replaceAll(
    'SPACED',
    '"name with spaces"',
  );
  world.writeConfig(
    `${world.readConfig()}\n${short}${spaced}`.replaceAll(/credential_process = \S+ get (dev|short)$/gm, (_line, profile) => {
      return `credential_process = ${join(world.home, 'counted.sh')} ${program} ${profile}`;
    }),
  );
  copyFileSync(new URL('../clients/counted.sh', import.meta.url), join(world.home, 'counted.sh'));
  boto3 = new LongClient(findPython(), [new URL('../clients/boto3-steps.py', import.meta.url).pathname], world);
});
afterEach(async () => {
  boto3.close();
  await world.close();
});

function runsFor(profile: string): number {
  const path = join(world.home, `runs-${profile}`);
  return existsSync(path) ? readFileSync(path, 'utf8').length / 'run\n'.length : 0;
}

function assumed(): number {
  return world.sts.calls().AssumeRole;
}

/** Moves everybody's clock: AWS's, the client's, and ours as its child. */
function letPass(minutes: number): void {
  world.sts.advance(minutes * 60_000);
  passedMinutes += minutes;
  boto3.moveClock(passedMinutes * 60_000);
}

const devArn = 'arn:aws:sts::222233334444:assumed-role/Dev/alice';

describe('a long-running boto3 program', () => {
  it('runs us once in an hour, and has new credentials before the old ones end', async () => {
    const first = await boto3.ask('dev');
    expect(first).toEqual({ arn: devArn, accessKeyId: expect.stringMatching(/^ASIA/) });
    for (let n = 0; n < 4; n++) expect(await boto3.ask('dev')).toEqual(first);
    letPass(44);
    expect(await boto3.ask('dev')).toEqual(first);
    expect([runsFor('dev'), assumed()]).toEqual([1, 1]);

    letPass(8);
    const second = await boto3.ask('dev');
    expect(second.arn).toBe(devArn);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    for (let n = 0; n < 4; n++) expect(await boto3.ask('dev')).toEqual(second);
    expect([runsFor('dev'), assumed()]).toEqual([2, 2]);
  });

  it('runs us for each request with a role of 15 minutes, which costs two AssumeRole in its life', async () => {
    const first = await boto3.ask('short');
    for (let n = 0; n < 4; n++) expect(await boto3.ask('short')).toEqual(first);
    expect(runsFor('short')).toBeGreaterThanOrEqual(5);
    expect(assumed()).toBe(1);
    letPass(8);
    const second = await boto3.ask('short');
    expect(second).toEqual({ arn: devArn, accessKeyId: expect.not.stringMatching(first.accessKeyId ?? '') });
    for (let n = 0; n < 4; n++) expect(await boto3.ask('short')).toEqual(second);
    expect(assumed()).toBe(2);
  });

  it('works on with what it has while STS is down, to the end of its life, and again when STS is back', async () => {
    const first = await boto3.ask('dev');
    world.sts.fault({ kind: 'unavailable', status: 503, operation: 'AssumeRole' });
    letPass(48);
    expect(await boto3.ask('dev')).toEqual(first);
    letPass(11);
    expect(await boto3.ask('dev')).toEqual(first);
    letPass(2);
    const { error } = await boto3.ask('dev');
    expect(error).toMatch(/^Error when retrieving credentials from custom-process: rolekeeper: .+\nrolekeeper: hint: .+\n$/);
    world.sts.clearFaults();
    letPass(5);
    const second = await boto3.ask('dev');
    expect(second).toEqual({ arn: devArn, accessKeyId: expect.not.stringMatching(first.accessKeyId ?? '') });
  });

  it('is told to log in when the session is over, and works on after that without a restart', async () => {
    await boto3.ask('dev');
    letPass(12 * 60 + 1);
    const { error } = await boto3.ask('dev');
    expect(error).toContain('rolekeeper: hint: run `rolekeeper login corp`');
    const login = ['login', 'corp', '--code', world.sts.totp('alice')];
    await succeed(world.rolekeeper(login, { env: boto3.clockEnv }));
    expect(await boto3.ask('dev')).toMatchObject({ arn: devArn });
  });

  it('acts as the user by the session, and as a role whose profile has spaces in its name', async () => {
    expect(await boto3.ask('corp')).toMatchObject({ arn: 'arn:aws:iam::123456789012:user/alice' });
    expect(await boto3.ask('name with spaces')).toMatchObject({ arn: 'arn:aws:sts::222233334444:assumed-role/Ops/alice' });
  });
});
