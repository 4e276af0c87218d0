// MFA codes from elsewhere: the programs that rolekeeper-config(5) names, and the secret of a device in the store.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mfaSerial, openImportedWorld, type Ran, serialOnRoles, succeed, usualConfig, type World } from '../harness/world.ts';

const secret = 'JBSWY3DPEHPK3PXP';
let world: World;
beforeEach(async () => {
  world = await openImportedWorld();
});
afterEach(() => world.close());

function sessions(): number {
  return world.sts.log().filter(({ operation, outcome }) => operation === 'GetSessionToken' && outcome === 'ok').length;
}

describe('mfa_process', () => {
  /** The examples of the manual page, as they stand there. */
  const examples = [
    ...readFileSync(new URL('../../man/rolekeeper-config.5', import.meta.url), 'utf8').matchAll(/^mfa_process = (.*)$/gm),
  ];

  /** What each tool prints. */
  const outputs: Readonly<Record<string, (code: string) => string>> = {
    ykman: (code) => `${code}\n`,
    op: (code) => `${code}\n`,
    bw: (code) => code,
    pass: (code) => `${code}\n`,
    oathtool: (code) => `${code}\n`,
    gpg: () => 'JBSWY3DPEHPK3PXP\n',
  };

  it('has examples for five tools in the manual page', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
  });

  it.each(examples.map(([, line = '']) => line))('%s', async (line) => {
    const bin = join(world.home, 'bin');
    mkdirSync(bin);
    for (const [name, output] of Object.entries(outputs)) {
      const script = `#!/bin/sh\necho "touch your key" >&2\nprintf '%s' '${output(world.sts.totp('alice'))}'\n`;
      writeFileSync(join(bin, name), script);
      chmodSync(join(bin, name), 0o755);
    }
    world.writeConfig(world.readConfig().replace('[rolekeeper corp]', `[rolekeeper corp]\nmfa_process = ${line}`));
    const env = { PATH: [bin, world.env['PATH'] ?? ''].join(delimiter) };
    expect((await succeed(world.rolekeeper(['login', 'corp'], { env }))).stderr).toContain('touch your key');
    expect(sessions()).toBe(1);
  });
});

describe('the secret of a device in the store', () => {
  function add(text = secret): Promise<Ran> {
    return world.rolekeeper(['mfa-secret', 'corp', '--yes'], { stdin: `${text}\n` });
  }

  it('goes in with its risk stated, and login needs no typing', async () => {
    const added = await succeed(add());
    expect(added.stdout).toBe('');
    expect(added.stderr).toContain(`The secret of ${mfaSerial} goes into`);
    expect(added.stderr).toContain('has both factors');
    expect(added.stderr).toContain('kept as totp/corp');
    expect(added.stderr).not.toContain(secret);
    await succeed(world.rolekeeper(['login', 'corp']));
    expect(sessions()).toBe(1);
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  it('waits for the next code where this one has been used', async () => {
    await succeed(add());
    await succeed(world.rolekeeper(['login', 'corp']));
    const again = await succeed(world.rolekeeper(['login', 'corp']));
    // Or the step was over by then, and nothing had to be waited for.
    if (again.stderr.includes('Waiting')) expect(again.stderr).toMatch(/Waiting \d+ s for the next code/);
    expect(sessions()).toBe(2);
  }, 90_000);

  // Its hint was to wait for the next code, each time.
  it('of another device is what the hint names, once two codes of it were refused', async () => {
    await succeed(add('GEZDGNBVGY3TQOJQ'));
    const ran = await world.rolekeeper(['login', 'corp']);
    expect(ran.status).toBe(6);
    expect(ran.stderr).toContain('`rolekeeper mfa-secret corp` replaces it');
  }, 90_000);

  it('is shown by status, with the way out, and goes with the keys', async () => {
    expect((await succeed(world.rolekeeper(['status']))).stdout).not.toContain('MFA secret');
    await succeed(add());
    expect((await succeed(world.rolekeeper(['status']))).stdout).toContain('`rolekeeper mfa-secret --remove corp`');
    const { stdout } = await succeed(world.rolekeeper(['status', '--json']));
    expect(JSON.parse(stdout).store).toMatchObject({ answers: true, mfaSecrets: ['corp'] });
    const { stderr } = await succeed(world.rolekeeper(['forget-keys', 'corp', '--yes']));
    expect(stderr).toContain('totp/corp, the secret of their MFA device, goes too');
    // It stayed, though the keys were gone.
    expect((await succeed(world.rolekeeper(['mfa-secret', '--remove', 'corp']))).stderr).toContain('there is no totp/corp');
    expect((await succeed(world.rolekeeper(['status']))).stdout).not.toContain('MFA secret');
  }, 60_000);

  it("is right by AWS's clock where the local one is wrong", async () => {
    world.sts.advance(-3 * 3_600_000);
    await succeed(add());
    await succeed(world.rolekeeper(['login', 'corp']));
    expect(sessions()).toBe(1);
  }, 90_000);

  it('is for login alone: get and refresh make no code of it', async () => {
    await succeed(add());
    for (const args of [
      ['get', 'dev'],
      ['get', 'dev', '--interactive'],
      ['refresh', 'dev'],
    ]) {
      expect((await world.rolekeeper(args, { env: { ROLEKEEPER_PROMPT: 'zenity' } })).status).toBe(4);
    }
    expect(sessions()).toBe(0);
  }, 60_000);

  it('gives way to --code and mfa_process, and is not of another device', async () => {
    await succeed(add());
    world.writeConfig(world.readConfig().replaceAll(mfaSerial, `${mfaSerial}-2`));
    const ran = await world.rolekeeper(['login', 'corp'], { stdin: '' });
    expect(ran.status).toBe(2);
    expect(sessions()).toBe(0);
  });

  it.each([
    ['no base32', '0189', /base32/],
    ['nothing', '', /no secret on stdin/],
  ])('is not taken: %s', async (_what, text, words) => {
    const ran = await add(text);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(words);
  });

  it('is nothing without a device, and nobody is asked for --yes without a terminal', async () => {
    writeFileSync(world.configPath, world.readConfig().replace(/^mfa_serial.*$/m, ''));
    expect((await world.rolekeeper(['mfa-secret', 'dev', '--yes'], { stdin: secret })).stderr).toContain('no mfa_serial');
    world.writeConfig(serialOnRoles(usualConfig));
    const { stderr } = await world.rolekeeper(['mfa-secret', 'corp', '--yes'], { stdin: secret });
    expect(stderr).toContain('"corp" has no mfa_serial');
    expect(stderr).toContain('hint: name a profile that has one: `rolekeeper mfa-secret dev`');
    world.writeConfig(usualConfig);
    expect((await world.rolekeeper(['mfa-secret', 'corp'], { stdin: secret })).status).toBe(2);
  });

  it('outlives a logout, and goes with `mfa-secret --remove`', async () => {
    await succeed(add());
    await succeed(world.rolekeeper(['login', 'corp']));
    await succeed(world.rolekeeper(['logout', '--all']));
    expect((await succeed(world.rolekeeper(['mfa-secret', '--remove', 'corp']))).stderr).toContain('removed totp/corp');
    expect((await succeed(world.rolekeeper(['mfa-secret', '--remove', 'corp']))).stderr).toContain('there is no totp/corp');
    expect((await world.rolekeeper(['login', 'corp'], { stdin: '' })).status).toBe(2);
  }, 60_000);

  it('that no profile uses is found by doctor, whose command takes it out', async () => {
    await succeed(add());
    expect((await world.rolekeeper(['doctor'])).stdout).not.toContain('totp');
    world.writeConfig('[profile other]\nregion = eu-west-1\n');
    const found = await world.rolekeeper(['doctor']);
    expect(found.stdout).toContain('rolekeeper mfa-secret --remove corp');
    await succeed(world.rolekeeper(['mfa-secret', '--remove', 'corp']));
  }, 60_000);

  it('is named before `uninstall --purge` deletes it', async () => {
    await succeed(add());
    const plan = await world.rolekeeper(['uninstall', '--purge', '--delete-keys', '--dry-run']);
    expect(plan.stdout + plan.stderr).toContain('delete   totp/corp, the secret of an MFA device');
  }, 60_000);
});
