// One file under both names: what edits two texts would leave half of each in it.

import { linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/credentials/digest.ts';
import { fileTree } from '../harness/file-tree.ts';
import { undoNotePaths } from '../harness/undo-notes.ts';
import {
  accessKeyId,
  openWorld,
  roleArn,
  secretAccessKey,
  succeed,
  usualConfig,
  usualCredentials,
  type World,
} from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const role = `[profile dev]\nrole_arn = ${roleArn('Dev')}\nsource_profile = corp\n`;

describe('a config file that is the credentials file as well', () => {
  const ways: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
    'by its variable': () => ({ AWS_SHARED_CREDENTIALS_FILE: world.configPath }),
    'by a relative one': () => ({ AWS_SHARED_CREDENTIALS_FILE: '.aws/config' }),
    'by a symbolic link': () => {
      symlinkSync('config', world.credentialsPath);
      return {};
    },
    'by a hard link': () => {
      linkSync(world.configPath, world.credentialsPath);
      return {};
    },
  };

  // `import` did half of it, and two later commands deleted the only copy of the keys.
  it.each(Object.keys(ways))('%s is edited by no command, and nothing goes into the store', async (way) => {
    world.writeConfig(`[profile corp]\nregion = eu-west-1\nendpoint_url = $STS\n\n${role}\n${usualCredentials}`);
    const env = ways[way]?.() ?? {};
    const before = fileTree(world.home);
    for (const args of [
      ['import', 'corp', '--yes'],
      ['import', 'corp', '--dry-run'],
      ['add', 'home', '--access-key-id', accessKeyId, '--yes'],
      ['adopt', 'dev', '--yes'],
      ['setup', '--dry-run'],
    ]) {
      const ran = await world.rolekeeper(args, { env, cwd: world.home, stdin: `${secretAccessKey}\n` });
      expect(ran, args.join(' ')).toMatchObject({ status: 3, stdout: '' });
      expect(ran.stderr).toContain(`will not edit ${world.configPath}:1: it is the config file and the credentials file in one`);
    }
    expect(fileTree(world.home)).toEqual(before);
  });
});

// It said that the keys were in plaintext again, and forgot the way back.
describe('an undo that would not put the keys back', () => {
  it.each(['import corp --undo', 'release corp', 'uninstall --purge --delete-keys'])(
    '%s does nothing, and keeps the way back',
    async (command) => {
      world.writeConfig(usualConfig);
      world.writeCredentials(usualCredentials);
      await succeed(world.rolekeeper(['import', 'corp', '--yes']));
      const [note = ''] = undoNotePaths(world);
      // As if the file that has no keys were the one from before the import.
      const taken = readFileSync(note, 'utf8').replaceAll(sha256Hex(usualCredentials), sha256Hex(''));
      writeFileSync(note, taken);
      const before = fileTree(join(world.home, '.aws'));
      const ran = await world.rolekeeper([...command.split(' '), '--yes']);
      expect(ran).toMatchObject({ status: 3, stdout: '' });
      expect(ran.stderr).not.toContain('in plaintext again');
      expect(readFileSync(note, 'utf8')).toBe(taken);
      expect(fileTree(join(world.home, '.aws'))).toEqual(before);
    },
  );
});
