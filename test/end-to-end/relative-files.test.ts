// AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE as paths that count from the caller's directory, and commands from another directory.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { undoNotePaths } from '../harness/undo-notes.ts';
import { openWorld, succeed, usualCredentials, type World } from '../harness/world.ts';

let world: World;
let project: string;
let elsewhere: string;
beforeEach(async () => {
  world = await openWorld();
  project = join(world.home, 'project');
  elsewhere = join(world.home, 'elsewhere');
  for (const directory of [project, elsewhere]) mkdirSync(directory);
  writeFileSync(join(project, 'config'), config());
  writeFileSync(join(project, 'credentials'), usualCredentials, { mode: 0o600 });
});
afterEach(() => world.close());

const relative = { AWS_CONFIG_FILE: 'config', AWS_SHARED_CREDENTIALS_FILE: 'credentials' };
const purge = ['uninstall', '--purge', '--delete-keys', '--yes'] as const;

function config(): string {
  return `[profile corp]\nregion = eu-west-1\nendpoint_url = ${world.sts.url}\n`;
}

function whole(): Readonly<Record<string, string>> {
  return { AWS_CONFIG_FILE: join(project, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(project, 'credentials') };
}

async function importThere(): Promise<void> {
  await succeed(world.rolekeeper(['import', 'corp', '--yes'], { cwd: project, env: relative }));
}

describe('an import by relative paths', () => {
  // It left the secret key in plaintext in whatever directory the purge was run from.
  it.each(['the same files by their whole paths', 'the usual files'])(
    'is undone in its own files by a purge from elsewhere, with %s',
    async (files) => {
      await importThere();
      await succeed(world.rolekeeper(purge, { cwd: elsewhere, env: files === 'the usual files' ? {} : whole() }));
      expect(readdirSync(elsewhere)).toEqual([]);
      expect(readFileSync(join(project, 'credentials'), 'utf8')).toBe(usualCredentials);
      expect(readFileSync(join(project, 'config'), 'utf8')).toBe(config());
    },
  );

  it('that an older version noted so cannot be undone: no file of that name in another directory is taken for it', async () => {
    await importThere();
    for (const path of undoNotePaths(world)) {
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"~/project/', '"'));
    }
    const undo = await world.rolekeeper(['import', 'corp', '--undo', '--yes'], { cwd: elsewhere, env: whole() });
    expect(undo).toMatchObject({ status: 3, stdout: '' });
    expect(undo.stderr).toContain('noted a relative path');
    const ran = await world.rolekeeper(purge, { cwd: elsewhere, env: whole() });
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('the import cannot be undone (it noted config without its directory)');
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(existsSync(join(world.home, 'state', 'rolekeeper', 'age'))).toBe(true);
  });
});

// The second was given the first one's credentials.
it('two projects whose relative config files run `./give` have each their own credentials', async () => {
  for (const who of ['ann', 'bob']) {
    const directory = join(world.home, who);
    mkdirSync(directory);
    const accessKeyId = `ASIA${who.toUpperCase()}AAAAAAAAAAAA`;
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const answer = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: 's', SessionToken: 't', Expiration: expiration };
    writeFileSync(join(directory, 'give'), `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`, { mode: 0o755 });
    writeFileSync(join(directory, 'config'), '[rolekeeper base]\ncredential_process = ./give\n');
    const { stdout } = await succeed(
      world.rolekeeper(['get', 'base'], { cwd: directory, env: { AWS_CONFIG_FILE: 'config', ROLEKEEPER_AUTOSTART: 'no' } }),
    );
    const { AccessKeyId }: { AccessKeyId: unknown } = JSON.parse(stdout);
    expect(AccessKeyId).toBe(accessKeyId);
  }
});
