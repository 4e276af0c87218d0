// Profiles whose names a shell would take apart: what is proposed for them can be typed as it stands.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mfaSerial, openWorld, roleArn, succeed, usualCredentials, type World } from '../harness/world.ts';

const settings = 'region = eu-west-1\nendpoint_url = $STS\n';
const role = `role_arn = ${roleArn('Dev')}\nsource_profile = my corp\n${settings}`;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  world.writeConfig(
    `[profile "my corp"]\nmfa_serial = ${mfaSerial}\n${settings}[profile "my dev"]\n${role}[profile "x;touch pwn"]\n${role}`,
  );
  world.writeCredentials(usualCredentials.replace('corp', 'my corp'));
});
afterAll(() => world.close());

/** The one command between backticks that begins so, run by a shell as a person would. */
async function typed(stderr: string, beginning: string): Promise<string> {
  const commands = [...stderr.matchAll(/`(rolekeeper [^`]+)`/g)].map(([, command = '']) => command);
  const command = commands.find((one) => one.startsWith(beginning)) ?? '';
  expect(command).not.toBe('');
  const ran = await world.run('sh', ['-c', `rolekeeper() { "${world.program}" "$@"; }; ${command}`], { cwd: world.home });
  return `${command} → ${ran.stderr}`;
}

describe('a command with an odd name', () => {
  it('of a profile with a `;` runs nothing else', async () => {
    const imported = await succeed(world.rolekeeper(['import', 'my corp', '--yes']));
    expect(await typed(imported.stderr, "rolekeeper adopt 'x")).toContain(`rolekeeper adopt 'x;touch pwn' → `);
    expect(existsSync(join(world.home, 'pwn'))).toBe(false);
  });

  it('of keys with a blank logs in to them', async () => {
    const login = await typed((await world.rolekeeper(['get', 'my dev'])).stderr, 'rolekeeper login');
    expect(login).toContain('rolekeeper login "my corp" → ');
    expect(login).toContain('`rolekeeper login "my corp" --code 123456`');
  });

  it('of a profile with a blank releases it', async () => {
    const adopted = await succeed(world.rolekeeper(['adopt', 'my dev', '--yes']));
    const release = await typed(adopted.stderr, 'rolekeeper release');
    expect(release).toContain('rolekeeper release "my dev" → ');
    expect(release).toContain('`rolekeeper release "my dev" --yes`');
  });
});
