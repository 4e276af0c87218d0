// A person rotates keys in one window, while a command in another asks whether to put them back, or to remove them: no key may be lost.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { converse, enter } from '../harness/dialogue.ts';
import { accessKeyId, openWorld, succeed, usualConfig, usualCredentials, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.writeConfig(usualConfig);
  world.writeCredentials(usualCredentials);
  await succeed(world.rolekeeper(['import', 'corp', '--yes']));
});
afterEach(() => world.close());

const rotation = () => `'${world.program}' rotate corp --delete --yes`;

/** The key that works at AWS, now that the old one is deleted. */
function rotatedKey(): string {
  const [, id = ''] = /aws_access_key_id = (\w+)/.exec(readFileSync(world.credentialsPath, 'utf8')) ?? [];
  expect(id).not.toBe(accessKeyId);
  return id;
}

describe('keys that were rotated while a command asked', () => {
  // The old key was written, which AWS did not know any more, and the hint was to forget the new one.
  it.each([
    ['import', 'corp', '--undo'],
    ['release', 'corp'],
  ])('are put back as they are now by `%s %s %s`', { timeout: 120_000 }, async (...args) => {
    const said = await converse(
      world,
      args.filter((arg) => arg !== undefined),
      [['plaintext keys back', `y${enter}`, rotation()]],
    );
    expect(said).toMatchObject({ status: 0 });
    expect(world.sts.accessKeys('alice').map((key) => key.accessKeyId)).toEqual([rotatedKey()]);
  });

  it('are not removed by `uninstall --purge`, which had others in mind', { timeout: 120_000 }, async () => {
    const args = ['uninstall', '--purge', '--delete-keys'];
    const said = await converse(world, args, [['Do this', `y${enter}`, rotation()]]);
    expect(said.status).toBe(3);
    expect(said.stdout).toContain('they are others than a moment ago');
    await succeed(world.rolekeeper([...args, '--yes']));
    expect(world.sts.accessKeys('alice').map((key) => key.accessKeyId)).toEqual([rotatedKey()]);
  });
});
