// Both generations of the aws program run rolekeeper as their credential_process: from the keychain, against an STS that wants MFA.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findAws } from '../harness/programs.ts';
import { type SessionBus, startSessionBus } from '../harness/session-bus.ts';
import { openUsualWorld, program, type Ran, roleArn, rolePair, succeed, type World } from '../harness/world.ts';

type Generation = 1 | 2;

const generations: readonly Generation[] = [1, 2];
const paths = new Map<Generation, string>();
const devArn = 'arn:aws:sts::222233334444:assumed-role/Dev/alice';
let world: World;

function aws(generation: Generation, args: readonly string[]): Promise<Ran> {
  const path = paths.get(generation);
  if (path === undefined) throw new Error(`aws ${generation} was not looked for`);
  return world.run(path, args, { env: { AWS_PAGER: '' } });
}

/** Version 1 finds the endpoint in the profile; Debian's version 2 (2.9) is older than that setting. */
function whoIs(generation: Generation, profile: string): Promise<Ran> {
  const endpoint = generation === 2 ? ['--endpoint-url', world.sts.url] : [];
  return aws(generation, ['sts', 'get-caller-identity', '--profile', profile, '--output', 'json', ...endpoint]);
}

async function arnOf(running: Promise<Ran>): Promise<string> {
  const { stdout, stderr } = await succeed(running);
  expect(stderr).toBe('');
  const { Arn: arn }: { Arn: string } = JSON.parse(stdout);
  return arn;
}

beforeAll(() => {
  for (const generation of generations) paths.set(generation, findAws(generation));
});

describe('the aws program, credentials from the keychain', () => {
  let bus: SessionBus;
  beforeAll(async () => {
    bus = await startSessionBus();
    world = await openUsualWorld({ keychainEnv: bus.env });
    const spaced = rolePair('SPACED', { role_arn: roleArn('Ops'), source_profile: 'corp' });
    world.writeConfig(
      [
        world.readConfig(),
        rolePair('gone', { role_arn: roleArn('Gone'), source_profile: 'corp' }),
        spaced.replaceAll('SPACED', '"name with spaces"'),
        `[profile lost]\nregion = eu-west-1\ncredential_process = ${program} get unknown\n`,
      ].join('\n'),
    );
  });
  afterAll(async () => {
    await world.close();
    await bus.stop();
  });

  // First, while nothing is cached: half of them of each generation.
  it('ten aws at once show the role that was assumed, by one AssumeRole', async () => {
    world.sts.fault({ kind: 'slow', ms: 300, operation: 'AssumeRole', times: 1 });
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => arnOf(whoIs(n % 2 === 0 ? 1 : 2, 'dev'))));
    expect(all).toEqual(Array(10).fill(devArn));
    expect(world.sts.calls()).toMatchObject({ AssumeRole: 1, GetSessionToken: 1 });
  }, 60_000);

  it('what aws exports is what get prints: the document arrives whole', async () => {
    const { stdout } = await succeed(world.rolekeeper(['get', 'dev']));
    const exported = await succeed(aws(2, ['configure', 'export-credentials', '--profile', 'dev', '--format', 'process']));
    const { AccountId: _notExported, Expiration: end, ...keys } = JSON.parse(stdout);
    const { Expiration: exportedEnd, ...others } = JSON.parse(exported.stdout);
    expect(others).toEqual(keys);
    expect(Date.parse(exportedEnd)).toBe(Date.parse(end));
  });

  it.each(generations)('aws %i acts as the user, by the session, with a profile of keys', async (generation) => {
    expect(await arnOf(whoIs(generation, 'corp'))).toBe('arn:aws:iam::123456789012:user/alice');
  });

  it.each(generations)('aws %i passes a profile name with spaces on whole', async (generation) => {
    expect(await arnOf(whoIs(generation, 'name with spaces'))).toBe('arn:aws:sts::222233334444:assumed-role/Ops/alice');
  });

  it.each([
    [1, 'gone', 'gone'],
    [2, 'gone', 'gone'],
    [1, 'lost', 'unknown'],
    [2, 'lost', 'unknown'],
  ] as const)('aws %i shows the two lines for the profile %s', async (generation, profile, asked) => {
    const { stderr } = await world.rolekeeper(['get', asked]);
    expect(stderr).toMatch(/^rolekeeper: .+\nrolekeeper: hint: .+\n$/);
    const ran = await whoIs(generation, profile);
    expect(ran.status).not.toBe(0);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(`Error when retrieving credentials from custom-process: ${stderr.trim()}`);
  });
});

describe('the aws program after the session is over', () => {
  beforeEach(async () => {
    world = await openUsualWorld();
  });
  afterEach(() => world.close());

  it('both generations name the login that helps', async () => {
    world.sts.advance(13 * 3_600_000);
    const all = await Promise.all(generations.map((generation) => whoIs(generation, 'ops')));
    for (const { status, stdout, stderr } of all) {
      expect(status).not.toBe(0);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/custom-process: rolekeeper: .+\nrolekeeper: hint: run `rolekeeper login corp`\n/);
    }
  });
});
