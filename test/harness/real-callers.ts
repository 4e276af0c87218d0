// One GetCallerIdentity by a profile, as each of AWS's own programs makes it: for every way in, once through all of them.

import process from 'node:process';
import { LongClient } from './long-client.ts';
import { findAws, findPython } from './programs.ts';
import { succeed, type World } from './world.ts';

export const realCallers = ['aws', 'boto3', 'the SDK for JavaScript'] as const;

/** The ARN that the profile acts as. Throws with what the program said. */
export async function arnThrough(caller: (typeof realCallers)[number], profile: string, world: World): Promise<string> {
  switch (caller) {
    case 'aws':
      return await arnOfAws(profile, world);
    case 'boto3':
      return await arnOfClient(findPython(), 'boto3-steps.py', profile, world);
    case 'the SDK for JavaScript':
      return await arnOfClient(process.execPath, 'sdk-steps.mjs', `fromIni ${profile}`, world);
    default:
      return caller satisfies never;
  }
}

async function arnOfAws(profile: string, world: World): Promise<string> {
  const args = ['sts', 'get-caller-identity', '--profile', profile, '--output', 'json'];
  const { stdout } = await succeed(world.run(findAws(1), args, { env: { AWS_PAGER: '' } }));
  const { Arn: arn }: { readonly Arn: string } = JSON.parse(stdout);
  return arn;
}

async function arnOfClient(program: string, script: string, line: string, { home, env, sts }: World): Promise<string> {
  const path = new URL(`../clients/${script}`, import.meta.url).pathname;
  // The SDK for JavaScript reads endpoint_url only of the profile that AWS_PROFILE names.
  const client = new LongClient(program, [path], { home, env: { ...env, AWS_ENDPOINT_URL_STS: sts.url } });
  try {
    const answer = await client.ask(line);
    if (answer.arn === undefined) throw new Error(answer.error);
    return answer.arn;
  } finally {
    client.close();
  }
}
