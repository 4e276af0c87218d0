// The clients of everybody else, behind a sign-in to IAM Identity Center.

import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { centerPair, centerSections, type IdentityCenterWorld, openCenterWorld } from '../harness/identity-center-world.ts';
import { LongClient } from '../harness/long-client.ts';
import { findAws, findPython } from '../harness/programs.ts';
import { succeed } from '../harness/world.ts';

const arn = 'arn:aws:sts::222233334444:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice';
let world: IdentityCenterWorld;
beforeAll(async () => {
  world = await openCenterWorld();
  world.writeConfig(centerSections + centerPair('dev'));
  await succeed(world.rolekeeper(['login', 'dev'], { env: world.desktop }));
});
afterAll(() => world.close());

async function ask(command: string, script: string, line: string) {
  const env = { ...world.env, AWS_ENDPOINT_URL_STS: world.sts.url };
  const client = new LongClient(command, [new URL(`../clients/${script}`, import.meta.url).pathname], { home: world.home, env });
  try {
    return await client.ask(line);
  } finally {
    client.close();
  }
}

describe('behind a sign-in to IAM Identity Center', () => {
  it('the aws program is the role', async () => {
    const { stdout } = await succeed(
      world.run(findAws(1), ['sts', 'get-caller-identity', '--profile', 'dev', '--output', 'json']),
    );
    expect(JSON.parse(stdout)).toMatchObject({ Arn: arn, Account: '222233334444' });
  });

  it('boto3 is the role', async () => {
    expect(await ask(findPython(), 'boto3-steps.py', 'dev')).toMatchObject({ arn });
  });

  it('the AWS SDK for JavaScript is the role', async () => {
    expect(await ask(process.execPath, 'sdk-steps.mjs', 'default dev')).toMatchObject({ arn, accountId: '222233334444' });
    expect(world.center.calls()).toMatchObject({ GetRoleCredentials: 1 });
  });
});
