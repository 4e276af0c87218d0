// explain from outside: what it says of a chain, what it keeps to itself, and that it calls nobody.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUsualWorld, roleArn, rolePair, secretAccessKey, succeed, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openUsualWorld();
});
afterEach(() => world.close());

async function explained(profile: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse((await succeed(world.rolekeeper(['explain', profile, '--json']))).stdout);
}

function lineOf(text: string): number {
  return world.readConfig().split('\n').indexOf(text) + 1;
}

describe('explain', () => {
  it('explain shows keys, session and role with the lines they come from', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    const { stdout, stderr } = await succeed(world.rolekeeper(['explain', 'dev']));
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^dev: keys, then 2 hops$/m);
    expect(stdout).toMatch(/^1\. keys "corp"$/m);
    expect(stdout).toMatch(/^ +user +arn:aws:iam::123456789012:user\/alice$/m);
    expect(stdout).toMatch(/^2\. MFA session of /m);
    expect(stdout).toContain(`${world.configPath}:${lineOf(`role_arn = ${roleArn('Dev')}`)}`);
    expect(stdout).toMatch(/^ +key id +[0-9a-f]{32} \(item role\/[0-9a-f]{32}\)$/m);
    expect(stdout).toMatch(/cached +until (\d\d-\d\d )?\d\d:\d\d, 59 min left/);
    expect(stdout).toMatch(/cached +until (\d\d-\d\d )?\d\d:\d\d, 11 h 59 min left/); // as `status` says it; it was 719 min
    expect(stdout).toContain('3600 s at most: the session signs it');
    expect(stdout).toMatch(/The next `rolekeeper get dev` prints at once/);
    expect(stdout).toMatch(/^AWS is not called\.\nRefreshed in the background from /m);
  });

  it('explain says which call the next get makes, and makes none itself', async () => {
    const before = { ...world.sts.calls() };
    expect((await explained('dev'))['next']).toEqual({
      kind: 'refresh',
      callsSts: true,
      calls: [`AssumeRole ${roleArn('Dev')}`],
      why: 'nothing is cached',
    });
    expect(world.sts.calls()).toEqual(before);
    await succeed(world.rolekeeper(['get', 'dev']));
    expect((await explained('dev'))['next']).toMatchObject({ kind: 'print', callsSts: false, refreshAt: expect.any(String) });
    await succeed(world.rolekeeper(['logout', '--all']));
    expect((await explained('dev'))['next']).toMatchObject({ kind: 'login', callsSts: false });
    expect((await world.rolekeeper(['get', 'dev'])).status).toBe(4);
  });

  it('explain keeps external ids and secrets to itself', async () => {
    world.writeConfig(
      `${world.readConfig()}${rolePair('ext', { role_arn: roleArn('External'), source_profile: 'corp', external_id: 'quiet-one' })}`,
    );
    const { stdout } = await succeed(world.rolekeeper(['explain', 'ext']));
    expect(stdout).toMatch(/external_id +\(not shown\) +\S+:\d+/);
    expect(`${stdout}${JSON.stringify(await explained('ext'))}`).not.toContain('quiet-one');
    expect(stdout).not.toContain(secretAccessKey);
  });

  it('explain shows the last failure of a hop, and when the next try is due', async () => {
    const message = 'User is not authorized to perform: sts:AssumeRole';
    world.sts.fault({ kind: 'error', code: 'AccessDenied', message, status: 403, times: 1 });
    await world.rolekeeper(['get', 'dev']);
    expect((await explained('dev'))['hops']).toEqual([
      expect.objectContaining({ kind: 'session', cached: expect.anything() }),
      expect.objectContaining({ kind: 'role', lastError: expect.objectContaining({ retryAt: expect.any(String) }) }),
    ]);
    expect((await succeed(world.rolekeeper(['explain', 'dev']))).stdout).toMatch(/failed .*AccessDenied.*; next try /);
  });

  it('explain says what it cannot know before anybody has asked', async () => {
    world.writeConfig(
      `${world.readConfig()}[profile new]\nrole_arn = ${roleArn('Open')}\nsource_profile = other\n[profile other]\nregion = eu-west-1\n`,
    );
    const { hops, next } = await explained('new');
    expect(JSON.stringify(hops)).not.toContain('keyId');
    expect(next).toMatchObject({ kind: 'unknown' });
  });

  it('explain follows a credential_process to the profile with the recipe', async () => {
    world.writeConfig(`${world.readConfig()}[profile twin]\ncredential_process = ${world.program} get dev\n`);
    expect(await explained('twin')).toMatchObject({ profile: 'twin', recipeOf: 'dev' });
  });

  it('explain says what is wrong with a chain, or that there is none', async () => {
    world.writeConfig(`${world.readConfig()}${rolePair('loop', { role_arn: roleArn('Dev'), source_profile: 'loop' })}`);
    const ran = await world.rolekeeper(['explain', 'loop']);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('loop → loop');
    expect((await world.rolekeeper(['explain', 'devv'])).stderr).toContain('did you mean "dev"?');
  });
});
