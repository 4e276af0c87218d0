// Names that are paths, options, commands or orders to a terminal, through every command that takes a profile.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandTable } from '../../src/completion/command-table.ts';
import { fileTree } from '../harness/file-tree.ts';
import {
  accessKeyId,
  mfaSerial,
  openWorld,
  type Ran,
  roleArn,
  secretAccessKey,
  succeed,
  usualConfig,
  usualCredentials,
  type World,
} from '../harness/world.ts';

/** What no profile can be called. */
const refused = ['\u001b]0;owned\u0007', 'a\nrolekeeper: hint: run `evil`', 'a\u009b31m\u202eb'];
/** What one can, by the letter of AWS's files. */
const allowed = ['../../../../escape', '$(touch pwned)', '%n%s a;b', 'ä'];

/** All but `log`, which only looks for the name in what was written down. */
const taking = commandTable.filter(
  ({ name, takes }) => ['profile', 'profiles', 'program'].includes(String(takes)) && name !== 'log',
);
const argsOf = (command: string, name: string) => [command, ...(command === 'exec' ? [name, '--', 'true'] : [name])];

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** Nothing in it moves a cursor, colours, turns the direction of writing, or begins a line that is not ours. */
function expectPlain({ stdout, stderr }: Ran, what: string): void {
  const odd = /[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/u;
  expect({ what, odd: odd.exec(stdout + stderr)?.[0] }).toEqual({ what, odd: undefined });
}

describe('a name that no profile can have', { timeout: 300_000 }, () => {
  it('is refused by every command in printable lines, and changes nothing', async () => {
    world.writeConfig(usualConfig);
    await world.rolekeeper(['status']);
    const before = fileTree(world.home);
    for (const { name: command } of taking) {
      for (const name of refused) {
        const ran = await world.rolekeeper(argsOf(command, name), { stdin: '' });
        const what = `${command} ${JSON.stringify(name)}`;
        expect({ what, isRefused: ran.status !== 0 && ran.status !== undefined, stdout: ran.stdout }).toEqual({
          what,
          isRefused: true,
          stdout: '',
        });
        expect(ran.stderr).not.toMatch(/^rolekeeper: hint: run `evil`/m);
        expectPlain(ran, what);
      }
    }
    expect(fileTree(world.home)).toEqual(before);
  });
});

describe('an odd name that a profile may have', { timeout: 300_000 }, () => {
  const section = (name: string) => (/^[\w./-]+$/.test(name) ? name : `"${name}"`);
  const pair = (name: string) =>
    `[profile ${section(name)}]\nregion = eu-west-1\nendpoint_url = $STS\n\n[rolekeeper ${section(name)}]\nrole_arn = ${roleArn('Open')}\nsource_profile = corp\n\n`;

  it('is no path, no command and no order to the terminal, from import to logout', async () => {
    const turned = '[profile "a\u202eb"]\nrole_arn = x\nsource_profile = corp\n';
    world.writeConfig(usualConfig + allowed.map(pair).join('') + turned);
    world.writeCredentials(usualCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    for (const name of allowed) {
      await succeed(world.rolekeeper(['get', name]));
      for (const command of ['status', 'explain', 'refresh', 'exec', 'env', 'adopt', 'release', 'rotate']) {
        expectPlain(await world.rolekeeper(argsOf(command, name)), `${command} ${JSON.stringify(name)}`);
      }
    }
    for (const args of [
      ['status'],
      ['doctor'],
      ['status', '--json'],
      ['__profiles'],
      ['adopt', '--all', '--dry-run'],
      ['logout', '--all'],
    ]) {
      expectPlain(await world.rolekeeper(args), args.join(' '));
    }
    // A path would have led out of the store, the state or their locks; a command would have made its file here.
    expect(fileTree(world.home).filter((line) => /pwned|escape/.test(line.split(' ')[0] ?? ''))).toEqual([]);
    expect(existsSync(join(world.home, '..', 'escape'))).toBe(false);
  });

  it.each(['../../../../escape', 'a b'])('names keys that go into the store and out again: %s', async (name) => {
    world.writeConfig('');
    const before = fileTree(world.home).filter((line) => !line.startsWith('state'));
    const env = { AWS_ENDPOINT_URL_STS: world.sts.url };
    const args = ['add', name, '--access-key-id', accessKeyId, '--mfa-serial', mfaSerial, '--region', 'eu-west-1', '--yes'];
    expectPlain(await succeed(world.rolekeeper(args, { env, stdin: `${secretAccessKey}\n` })), 'add');
    await succeed(world.rolekeeper(['login', name, '--code', world.sts.totp('alice')], { env }));
    // As an SDK runs the line that `add` wrote.
    const line = /credential_process = (.*)/.exec(world.readConfig())?.[1] ?? '';
    const got = await succeed(world.run('sh', ['-c', line], { env }));
    expect(JSON.parse(got.stdout)).toMatchObject({ Version: 1 });
    expectPlain(await succeed(world.rolekeeper(['add', name, '--undo', '--yes'], { env })), 'undo');
    expect(fileTree(world.home).filter((entry) => !entry.startsWith('state'))).toEqual(before);
  });
});
