// KeePassXC as the Secret Service of a private bus: the second real implementation, which lists nothing while it is locked, makes items
// behind prompts, and asks before it replaces another program's item.

import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { busSocketPaths } from '../../src/stores/dbus-address.ts';
import { array, objectPath, sequence } from '../../src/stores/dbus-codec.ts';
import { connectToBus } from '../../src/stores/dbus-connection.ts';
import { Deadline } from '../../src/stores/deadline.ts';
import { noPath, rootPath, startPrompt, unlock } from '../../src/stores/secret-service-api.ts';
import { killDaemon, needProgram, spawnDaemon, startSessionBus, until } from './session-bus.ts';

export interface KeePassXc {
  /** For child processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Locks the database. */
  lock(): Promise<void>;
  stop(): Promise<void>;
}

export interface KeePassXcOptions {
  /** False: nobody has typed the password yet. */
  readonly isUnlocked?: boolean;
  /** True, KeePassXC's own default: it asks before it gives an item to a program that did not make it. */
  readonly confirmsAccess?: boolean;
}

export async function startKeePassXc({ isUnlocked = true, confirmsAccess = false }: KeePassXcOptions = {}): Promise<KeePassXc> {
  needProgram('keepassxc', 'keepassxc');
  const home = mkdtempSync(join(tmpdir(), 'rk-keepassxc-'));
  const bus = await startSessionBus({ home, keyring: 'none' });
  let program: ChildProcess | undefined;
  const stop = async () => {
    await killDaemon(program);
    await bus.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  const call = (path: string, ...argv: readonly string[]) => {
    const to = ['call', '--session', '--timeout=5', '--dest=org.freedesktop.secrets', `--object-path=${path}`];
    return spawnSync('gdbus', [...to, ...argv], { env: { ...bus.env }, encoding: 'utf8', timeout: 10_000 }).stdout;
  };
  const isLocked = () =>
    call(alias, '--method=org.freedesktop.DBus.Properties.Get', 'org.freedesktop.Secret.Collection', 'Locked').trim();
  try {
    // One instance a user is the rule, by a lock and a socket in the temporary directory: a second one hands over to the first and leaves.
    const env = { ...bus.env, QT_QPA_PLATFORM: 'offscreen', TMPDIR: home };
    const [database, settings] = [join(home, 'db.kdbx'), join(home, '.config', 'keepassxc', 'keepassxc.ini')];
    makeDatabase(home, database, env);
    mkdirSync(join(home, '.config', 'keepassxc'), { recursive: true });
    writeFileSync(settings, settingsText(confirmsAccess));
    program = spawnDaemon('keepassxc', ['--pw-stdin', database, '--config', settings], env, isUnlocked ? 'pw\n' : 'wrong\n');
    await until(() => isLocked() === `(<${!isUnlocked}>,)`, 'KeePassXC did not open its database', 20_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const lock = async () => {
    await lockDatabase(bus.env);
    await until(() => isLocked() === '(<true>,)', 'KeePassXC did not lock its database');
  };
  return { env: bus.env, lock, stop };
}

const alias = '/org/freedesktop/secrets/aliases/default';

// The prompt belongs to the connection that asked.
async function lockDatabase(env: Readonly<Record<string, string>>): Promise<void> {
  const deadline = new Deadline(5_000);
  const connection = await connectToBus(busSocketPaths(env, { uid: process.getuid?.() ?? -1 }), {
    mayStartServices: false,
    deadline,
  });
  const paths = array(objectPath);
  const lock = { ...unlock, member: 'Lock', args: sequence(paths), reply: sequence(paths, objectPath) };
  const [, prompt] = await connection.call(lock, rootPath, [['/org/freedesktop/secrets/collection/db']]);
  if (prompt !== noPath) await connection.call(startPrompt, prompt, ['']);
  connection.close();
  deadline.stop();
}

function makeDatabase(home: string, database: string, env: Readonly<Record<string, string>>): void {
  const source = join(home, 'db.xml');
  writeFileSync(source, databaseText);
  // -t: milliseconds of key derivation.
  const made = spawnSync('keepassxc-cli', ['import', '-p', '-t', '100', source, database], {
    env,
    input: 'pw\npw\n',
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`keepassxc-cli: ${made.stderr}`);
}

// The database says itself which group it shows to the Secret Service.
const databaseText = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile>
  <Meta>
    <Generator>KeePassXC</Generator><DatabaseName>db</DatabaseName><RecycleBinEnabled>False</RecycleBinEnabled>
    <CustomData>
      <Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{11111111-1111-1111-1111-111111111111}</Value></Item>
    </CustomData>
  </Meta>
  <Root><Group><UUID>EREREREREREREREREREREQ==</UUID><Name>Root</Name></Group></Root>
</KeePassFile>
`;

// AutoSaveAfterEveryChange: where it saves while the next change comes, KeePassXC 2.7.4 dies of SIGSEGV, in about one of eight runs of the
// contract. UnlockBeforeSearch is left at its default: on a search, a locked KeePassXC shows its dialog (and, without a display, crashes).
const settingsText = (confirmsAccess: boolean) => `[General]
ConfigVersion=2
UpdateCheckMessageShown=true
AutoSaveAfterEveryChange=false
[GUI]
CheckForUpdates=false
[FdoSecrets]
Enabled=true
ConfirmAccessItem=${confirmsAccess}
ConfirmDeleteItem=false
ShowNotification=false
`;
