// Another tool's credential_process as the source: kept, single-flighted and bounded as everything else.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../harness/agent.ts';
import { arnThrough, realCallers } from '../harness/real-callers.ts';
import {
  accessKeyId,
  openUsualWorld,
  program,
  roleArn,
  rolePair,
  secretAccessKey,
  succeed,
  userArn,
  type World,
} from '../harness/world.ts';

let world: World;
let tool: string;
let agent: RunningAgent | undefined;
beforeEach(async () => {
  world = await openUsualWorld();
  tool = join(world.home, 'other-tool');
  agent = undefined;
  world.writeConfig(
    `${world.readConfig()}
[profile tool]
region = eu-west-1
endpoint_url = $STS
credential_process = ${tool}

[profile kept]
region = eu-west-1
endpoint_url = $STS
credential_process = ${program} get kept

[rolekeeper kept]
credential_process = ${tool}

${rolePair('behind', { role_arn: roleArn('Open'), source_profile: 'tool' })}
${rolePair('long', { role_arn: roleArn('Open'), source_profile: 'tool', duration_seconds: '7200' })}`,
  );
  writeTool(`printf '${document()}'`);
});
afterEach(async () => {
  await agent?.end();
  await world.close();
});

/** Alice's own keys, which the double knows; without an end unless one is given. */
function document(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, ...fields });
}

/** A shell script that counts its runs. */
function writeTool(script: string): void {
  writeFileSync(tool, `#!/bin/sh\necho run >> ${world.home}/runs\n${script}\n`);
  chmodSync(tool, 0o755);
}

function runs(): number {
  const path = join(world.home, 'runs');
  return existsSync(path) ? readFileSync(path, 'utf8').length / 'run\n'.length : 0;
}

function keyIn(stdout: string): string {
  const { AccessKeyId: key }: { readonly AccessKeyId: string } = JSON.parse(stdout);
  return key;
}

describe("another tool's credential_process", () => {
  it.each(realCallers)(
    'is run once, for get and for %s',
    async (caller) => {
      const { stdout, stderr } = await succeed(world.rolekeeper(['get', 'kept']));
      expect([keyIn(stdout), stderr]).toEqual([accessKeyId, '']);
      expect(await arnThrough(caller, 'kept', world)).toBe(userArn);
      expect(runs()).toBe(1);
    },
    60_000,
  );

  it.each(realCallers)(
    'is the source of a role for %s',
    async (caller) => {
      expect(await arnThrough(caller, 'behind', world)).toBe(
        `arn:aws:sts::222233334444:assumed-role/Open/rolekeeper-${userInfo().username}`,
      );
      expect(runs()).toBe(1);
    },
    60_000,
  );

  it('is run once for twenty callers at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => world.rolekeeper(['get', 'kept'])));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([0]));
    expect(runs()).toBe(1);
  }, 60_000);

  it('is not run by the agent, which has what was stored, and refreshes it outside', async () => {
    agent = await startAgent(world);
    await succeed(world.rolekeeper(['get', 'kept']));
    await succeed(world.rolekeeper(['get', 'kept']));
    expect(runs()).toBe(1);
    const soon = new Date(Date.now() + 16 * 60_000).toISOString();
    writeTool(`printf '${document({ SessionToken: 't', Expiration: soon })}'`);
    await succeed(world.rolekeeper(['refresh', 'kept', '--force']));
    expect(runs()).toBe(2);
    expect(JSON.parse((await succeed(world.rolekeeper(['get', 'kept']))).stdout)).toMatchObject({ SessionToken: 't' });
  }, 60_000);

  it('has its stderr in the error, and stdout stays empty', async () => {
    writeTool('echo "session locked: run other-tool unlock" >&2; exit 9');
    const ran = await world.rolekeeper(['get', 'kept']);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toBe(
      'rolekeeper: credential_process of "kept" gave no credentials: it ended with status 9: session locked: run other-tool unlock\n' +
        'rolekeeper: hint: run the command of credential_process by hand\n',
    );
  });

  it('that takes too long costs a caller no more than its deadline', async () => {
    writeTool('sleep 60');
    const ran = await world.rolekeeper(['get', 'kept']);
    expect(ran).toMatchObject({ status: 7, stdout: '' });
    expect(ran.tookMs).toBeLessThan(50_000); // 3.8 s, but on an overloaded machine 45 (commands/get.ts)
  }, 60_000);

  it('that runs another profile of rolekeeper works', async () => {
    writeTool(`exec ${program} get dev`);
    const { stdout } = await succeed(world.rolekeeper(['get', 'kept']));
    expect(keyIn(stdout)).toBe(keyIn((await succeed(world.rolekeeper(['get', 'dev']))).stdout));
  });

  it.each(['kept', 'long', 'behind'])('that leads back to itself over %s is refused', async (profile) => {
    writeTool(`exec ${program} get ${profile}`);
    const ran = await world.rolekeeper(['get', profile]);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('leads back to rolekeeper itself');
    expect(runs()).toBeLessThan(3);
  });

  it('is explained without its command, which may hold a password', async () => {
    writeFileSync(world.configPath, world.readConfig().replaceAll(tool, `${tool} --password hunter2`));
    const { stdout } = await succeed(world.rolekeeper(['explain', 'behind']));
    expect(stdout).toContain('1. the output of another credential_process, of profile "tool"');
    expect(stdout).toMatch(/credential_process +\(not shown\) +\S+config:\d+/);
    expect(stdout).not.toContain('hunter2');
    expect(runs()).toBe(0);
  });

  it('shows in status and doctor like any other profile', async () => {
    await succeed(world.rolekeeper(['get', 'kept']));
    expect((await succeed(world.rolekeeper(['status', 'kept']))).stdout).toContain('kept');
    const doctor = await world.rolekeeper(['doctor', '--json']);
    expect(doctor.stdout).not.toMatch(/"profile": "kept"/);
  }, 60_000);
});
