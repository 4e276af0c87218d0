// Files as people have them, through the whole of it: adopt, a call by AWS's own programs, release, and every byte as it was.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LongClient } from '../harness/long-client.ts';
import { type MotoServer, startMoto } from '../harness/moto-server.ts';
import { findAws, findPython } from '../harness/programs.ts';
import { createTerraformProject } from '../harness/terraform.ts';
import {
  accessKeyId,
  openWorld,
  roleArn,
  secretAccessKey,
  succeed,
  userArn,
  usualCredentials,
  type World,
} from '../harness/world.ts';

const clients = new URL('../clients/', import.meta.url).pathname;
const directory = new URL('../fixtures/aws-config/', import.meta.url).pathname;
const fixtures = readdirSync(directory).map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }));

let world: World;
afterEach(() => world.close());

interface Shown {
  readonly profile: string;
  readonly role?: string;
  /** Absent for another way in. */
  readonly keys?: string;
  readonly next: string;
}

async function shownProfiles(): Promise<readonly Shown[]> {
  const { profiles }: { readonly profiles: readonly Shown[] } = JSON.parse(
    (await succeed(world.rolekeeper(['status', '--json'], { env: endpoint() }))).stdout,
  );
  return profiles;
}

/** Stronger than what the files say, for every client. */
function endpoint(): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL_STS: world.sts.url, AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' };
}

/** `arn:aws:sts::ACCOUNT:assumed-role/NAME`: whoever assumes it, the session's name is their own. */
function principalOf(arn: string | undefined): string | undefined {
  return arn?.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/').split('/').slice(0, 2).join('/');
}

/** What AWS says who each profile is, by way of boto3: botocore is what the aws program runs on. */
async function askBoto3(profiles: readonly string[]): Promise<readonly (string | undefined)[]> {
  // For `credential_source = Environment`; a profile that is named goes before them.
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const env = { ...world.env, ...endpoint(), ...keys };
  const boto3 = new LongClient(findPython(), [join(clients, 'boto3-steps.py')], { home: world.home, env });
  try {
    const arns: (string | undefined)[] = [];
    for (const profile of profiles) {
      const { arn, error } = await boto3.ask(profile);
      arns.push(principalOf(arn) ?? error);
    }
    return arns;
  } finally {
    boto3.close();
  }
}

/** For a file that botocore does not read: it has a byte order mark. */
async function askProgram(profiles: readonly string[]): Promise<readonly (string | undefined)[]> {
  const arns: (string | undefined)[] = [];
  for (const profile of profiles) {
    const aws = ['env', 'AWS_CONFIG_FILE=/nowhere', findAws(1), 'sts', 'get-caller-identity', '--output', 'json'];
    const { stdout } = await succeed(world.rolekeeper(['exec', profile, '--', ...aws], { env: endpoint() }));
    arns.push(principalOf(JSON.parse(stdout).Arn));
  }
  return arns;
}

/** As its words say, one login after the other. */
async function logIn(profiles: readonly string[]): Promise<void> {
  for (;;) {
    const waiting = (await shownProfiles()).find(({ profile, next }) => profiles.includes(profile) && next.startsWith('log in:'));
    const target = /`rolekeeper login (.*)`/.exec(waiting?.next ?? '')?.[1];
    if (target === undefined) return;
    await succeed(world.rolekeeper(['login', target, '--code', world.sts.totp('alice')], { env: endpoint() }));
  }
}

describe('a file as people have it', () => {
  it.each(fixtures)('$name: adopted, used, and released to the byte', { timeout: 120_000 }, async ({ text }) => {
    const arns = [...new Set(text.match(/arn:aws:iam::\d+:role\/\w+/g))];
    const roles = arns.map((arn) => ({ arn, trust: [{ principals: [userArn, ...arns] }], mayAssume: ['*'] }));
    world = await openWorld({ roles });
    world.writeConfig(text);
    world.writeCredentials(usualCredentials);
    const { stderr } = await succeed(world.rolekeeper(['adopt', '--all', '--yes'], { env: endpoint() }));
    const adopted = /^on rolekeeper now: (.*)$/m.exec(stderr)?.[1]?.split(', ') ?? [];
    expect(adopted).not.toEqual([]);
    await succeed(world.rolekeeper(['import', 'corp', '--yes'], { env: endpoint() }));
    const shown = await shownProfiles();
    // Other ways in are used with their own services in ways-in-clients, process-source and identity-center-clients.
    const used = adopted.filter((name) => shown.find(({ profile }) => profile === name)?.keys !== undefined).slice(0, 4);
    await logIn(used);
    const expected = used.map((name) => principalOf(shown.find(({ profile }) => profile === name)?.role));
    expect(await (text.startsWith('\ufeff') ? askProgram : askBoto3)(used)).toEqual(expected);

    // What was done last goes first.
    for (const names of [['corp'], adopted]) await succeed(world.rolekeeper(['release', ...names, '--yes'], { env: endpoint() }));
    expect([world.readConfig(), world.readCredentials()]).toEqual([text, usualCredentials]);
  });
});

describe('a role, and a role behind it, before and after their adoption', () => {
  const profiles = ['open', 'far'];
  const principals = [principalOf(roleArn('Open')), principalOf(roleArn('Far'))];
  let moto: MotoServer;
  beforeAll(async () => {
    moto = await startMoto();
    await moto.letEverybodyIn();
  }, 60_000);
  afterAll(() => moto.stop());
  beforeEach(async () => {
    world = await openWorld();
    const role = (name: string, arn: string, source: string) =>
      `[profile ${name}]\nregion = eu-west-1\nrole_arn = ${roleArn(arn)}\nsource_profile = ${source}\n\n`;
    world.writeConfig(`[profile corp]\nregion = eu-west-1\n\n${role('open', 'Open', 'corp')}${role('far', 'Far', 'open')}`);
    world.writeCredentials(usualCredentials);
  });

  async function adopt(): Promise<void> {
    for (const words of [
      ['adopt', '--all'],
      ['import', 'corp'],
    ])
      await succeed(world.rolekeeper([...words, '--yes'], { env: endpoint() }));
  }

  async function askAws(): Promise<readonly (string | undefined)[]> {
    const arns: (string | undefined)[] = [];
    for (const profile of profiles) {
      const words = ['sts', 'get-caller-identity', '--profile', profile, '--output', 'json'];
      const { stdout } = await succeed(world.run(findAws(1), words, { env: endpoint() }));
      arns.push(principalOf(JSON.parse(stdout).Arn));
    }
    return arns;
  }

  async function askJavaScript(): Promise<readonly (string | undefined)[]> {
    const env = { ...world.env, ...endpoint() };
    const sdk = new LongClient(process.execPath, [join(clients, 'sdk-steps.mjs')], { home: world.home, env });
    try {
      const arns: (string | undefined)[] = [];
      for (const profile of profiles) arns.push(principalOf((await sdk.ask(`default ${profile}`)).arn));
      return arns;
    } finally {
      sdk.close();
    }
  }

  /** Whom Terraform was to AWS, by what AWS saw. */
  async function askTerraform(): Promise<readonly (string | undefined)[]> {
    const arns: (string | undefined)[] = [];
    for (const profile of profiles) {
      const seen = world.sts.log().length;
      const withEndpoint: World = {
        ...world,
        run: (command, args, options) => world.run(command, args, { ...options, env: { ...options?.env, ...endpoint() } }),
      };
      const project = createTerraformProject(`${profile}-${seen}`, { s3: moto.url, sts: world.sts.url }, withEndpoint);
      expect(await project.init(profile)).toMatchObject({ status: 0, stderr: '' });
      const calls = world.sts.log().slice(seen);
      arns.push(
        principalOf(
          calls.findLast(
            ({ operation, userAgent }) => operation === 'GetCallerIdentity' && userAgent?.includes('Terraform') === true,
          )?.callerArn,
        ),
      );
    }
    return arns;
  }

  it.each([
    ['the aws program', askAws],
    ['boto3', () => askBoto3(profiles)],
    ['the AWS SDK for JavaScript', askJavaScript],
    ['Terraform', askTerraform],
  ] as const)('%s is the same principal', { timeout: 120_000 }, async (_name, ask) => {
    const original = world.readConfig();
    expect(await ask()).toEqual(principals);
    await adopt();
    expect(await ask()).toEqual(principals);
    await succeed(world.rolekeeper(['release', '--all', '--yes'], { env: endpoint() }));
    expect([world.readConfig(), world.readCredentials()]).toEqual([original, usualCredentials]);
    expect(await ask()).toEqual(principals);
  });
});
