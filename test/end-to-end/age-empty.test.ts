// The age store with a passphrase, where nothing is in it yet or nobody can be asked: what only looks and takes away needs no passphrase.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOnTerminal } from '../harness/age-program.ts';
import { openWorld, program, type Ran, succeed, usualConfig, usualCredentials, type World } from '../harness/world.ts';

const passphrase = 'correct horse battery staple';
const env = { ROLEKEEPER_AGE_KEY_FILE: '' };

let world: World;
beforeEach(async () => {
  world = await openWorld();
  rmSync(world.env['ROLEKEEPER_AGE_KEY_FILE'] ?? '');
  world.writeConfig(usualConfig);
  world.writeCredentials(usualCredentials);
});
afterEach(() => world.close());

const rolekeeper = (...args: readonly string[]): Promise<Ran> => world.rolekeeper(args, { env });

describe('an age store whose passphrase nobody has chosen', () => {
  // Both asked to choose a passphrase for a store that they found empty.
  it('is empty for `uninstall --purge` and for forget-keys', async () => {
    expect((await succeed(rolekeeper('uninstall', '--purge', '--yes'))).stderr).toContain('delete   0 items');
    const ran = await rolekeeper('forget-keys', 'x', '--yes');
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('has no keys "x"');
  });

  it.each([
    [['logout', '--all'], 'nothing to forget'],
    [['logout', 'corp'], 'nothing to forget'],
    [['mfa-secret', 'corp', '--remove'], 'there is no totp/corp'],
  ])('has nothing to take away for %j', async (args, words) => {
    const ran = await rolekeeper(...args);
    expect(ran).toMatchObject({ status: 0, stdout: '' });
    expect(ran.stderr).toContain(words);
  });
});

describe('an age store with a passphrase', () => {
  // It proposed a key file, which does not open such a store.
  it('sends env without a terminal to `unlock`', async () => {
    const directory = join(world.home, 'state', 'rolekeeper', 'age');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of ['identity.age', 'recipient']) writeFileSync(join(directory, name), 'x\n', { mode: 0o600 });
    const ran = await rolekeeper('env', 'corp');
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('hint: run `rolekeeper unlock`; without a terminal it reads the passphrase from stdin');
  });

  it('is opened once by `uninstall --purge --delete-keys`', { timeout: 120_000 }, async () => {
    const onTerminal = (...args: readonly string[]) =>
      runOnTerminal([program, ...args], passphrase, { env: { ...world.env, ...env } });
    await onTerminal('import', 'corp', '--yes');
    const screen = await onTerminal('uninstall', '--purge', '--delete-keys', '--yes');
    // The question is drawn anew with each letter: once for the passphrase, not twice.
    expect(screen.match(/Passphrase of the age store/g)?.length).toBeLessThan(2 * passphrase.length);
    expect(world.readCredentials()).toBe(usualCredentials);
  });
});
