// The age store with a passphrase, as a person at a terminal has it: each question takes a second of scrypt, so this is one long day.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOnTerminal } from '../harness/age-program.ts';
import { openWorld, program, usualConfig, usualCredentials, type World } from '../harness/world.ts';

const passphrase = 'correct horse battery staple';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.writeConfig(usualConfig);
  world.writeCredentials(usualCredentials);
});
afterEach(() => world.close());

describe('the age store with a passphrase', () => {
  it('asks in the commands that are a person’s, and is locked for all others', async () => {
    const env = { ...world.env, ROLEKEEPER_AGE_KEY_FILE: '' };
    const onTerminal = (...args: readonly string[]) => runOnTerminal([program, ...args], passphrase, { env });

    expect(await onTerminal('import', 'corp', '--yes')).toContain('Choose a passphrase');
    expect(existsSync(join(world.home, 'state', 'rolekeeper', 'age', 'identity.age'))).toBe(true);
    expect(world.readCredentials()).not.toContain('aws_secret_access_key');
    await onTerminal('login', 'corp', '--code', world.sts.totp('alice'));
    expect(await onTerminal('exec', 'dev', '--', 'sh', '-c', 'echo "given $AWS_ACCESS_KEY_ID"')).toMatch(/given ASIA/);

    const { status, stdout, stderr } = await world.rolekeeper(['get', 'dev'], { env: { ROLEKEEPER_AGE_KEY_FILE: '' } });
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toMatch(/is locked\n.*run `rolekeeper unlock`/);
    expect(stderr).not.toContain('\u001b');
  }, 60_000);

  it('without a terminal says what to do', async () => {
    const ran = await world.rolekeeper(['import', 'corp', '--yes'], { env: { ROLEKEEPER_AGE_KEY_FILE: '' } });
    expect(ran).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('ROLEKEEPER_AGE_KEY_FILE') });
    expect(world.readCredentials()).toContain('aws_secret_access_key');
  });
});
