// A stranger's machine in a temporary directory: a HOME with AWS files, an STS double, a store, and the built program to run as callers do.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { type StsDouble, type StsDoubleOptions, startStsDouble } from '../../src/sandbox/sts-double.ts';
import type { DoubleProvider } from '../../src/sandbox/sts-double-world.ts';
import { newKeyFile } from '../../src/stores/age-cipher.ts';
import { endProcessesOf } from './background-processes.ts';

export const program = resolve('dist/rolekeeper');

export const accountId = '123456789012';
export const workAccountId = '222233334444';
export const userArn = `arn:aws:iam::${accountId}:user/alice`;
export const mfaSerial = `arn:aws:iam::${accountId}:mfa/alice`;
export const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
export const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly tookMs: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly keepsStdinOpen?: boolean;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

export interface World {
  /** Absolute path of the built program. */
  readonly program: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly sts: StsDouble;
  readonly configPath: string;
  readonly credentialsPath: string;
  writeConfig(text: string): void;
  writeCredentials(text: string): void;
  readConfig(): string;
  readCredentials(): string;
  /** Runs `rolekeeper …` to its end. */
  rolekeeper(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, still running. */
  start(args: readonly string[], options?: RunOptions): Running;
  /** Another program, still running, its stdin open. */
  startCommand(command: string, args: readonly string[], options?: RunOptions): Running;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Ran>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Of a session bus: the keychain is the store then. Else the age store with a key file. */
  readonly keychainEnv?: Readonly<Record<string, string>>;
  readonly roles?: StsDoubleOptions['roles'];
  readonly users?: StsDoubleOptions['users'];
  readonly newKeyDelayMs?: StsDoubleOptions['newKeyDelayMs'];
  readonly providers?: readonly DoubleProvider[];
}

const roleTrust = { principals: [userArn], needsMfa: true };

/** The double knows alice with an MFA device, and the roles Dev and Ops (one hour) and Long (12 h), which want MFA, and Open, which does not. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  if (!existsSync(program)) throw new Error('dist/rolekeeper is not there: npm run build');
  const sts = await startStsDouble({
    providers: options.providers ?? [],
    ...(options.newKeyDelayMs === undefined ? {} : { newKeyDelayMs: options.newKeyDelayMs }),
    users: options.users ?? [
      { arn: userArn, accessKeyId, secretAccessKey, mfa: { serial: mfaSerial, seed: 'JBSWY3DPEHPK3PXP' }, mayAssume: ['*'] },
    ],
    roles: options.roles ?? [
      { arn: roleArn('Dev'), trust: [roleTrust] },
      { arn: roleArn('Ops'), trust: [roleTrust], mayAssume: ['*'] },
      { arn: roleArn('Long'), trust: [roleTrust], maxSessionSeconds: 43_200 },
      { arn: roleArn('Open'), trust: [{ principals: [userArn] }], maxSessionSeconds: 43_200, mayAssume: ['*'] },
      { arn: roleArn('Far'), trust: [{ principals: [roleArn('Open'), roleArn('Ops')] }] },
      { arn: roleArn('External'), trust: [{ principals: [userArn], externalId: 'ext-1' }] },
    ],
  });
  const home = mkdtempSync(join(tmpdir(), 'rk-home-'));
  mkdirSync(join(home, '.aws'), { mode: 0o700 });
  const configPath = join(home, '.aws', 'config');
  const credentialsPath = join(home, '.aws', 'credentials');
  const env = { ...baseEnv(home), ...(await storeEnv(home, options.keychainEnv)), HOME: home };
  const run = (command: string, args: readonly string[], given: RunOptions = {}) =>
    startProgram(command, args, { env, home, given }).ended;
  writeFileSync(configPath, '', { mode: 0o600 });
  return {
    home,
    env,
    sts,
    configPath,
    credentialsPath,
    writeConfig: (text) => writeFileSync(configPath, text.replaceAll('$STS', sts.url)),
    writeCredentials: (text) => writeFileSync(credentialsPath, text, { mode: 0o600 }),
    readConfig: () => readFileSync(configPath, 'utf8'),
    readCredentials: () => (existsSync(credentialsPath) ? readFileSync(credentialsPath, 'utf8') : ''),
    rolekeeper: (args, given) => run(program, args, given),
    start: (args, given = {}) => startProgram(program, args, { env, home, given }),
    startCommand: (command, args, given = {}) =>
      startProgram(command, args, { env, home, given: { ...given, keepsStdinOpen: true } }),
    program,
    run,
    close: async () => {
      endProcessesOf(home);
      await sts.stop();
      // One that was killed just now may still be writing.
      await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

export function roleArn(name: string): string {
  return `arn:aws:iam::${workAccountId}:role/${name}`;
}

/** `[profile NAME]` and `[rolekeeper NAME]` of a role that starts from corp. */
export function rolePair(name: string, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
  return `[profile ${name}]\nregion = eu-west-1\nendpoint_url = $STS\ncredential_process = ${program} get ${name}\n\n[rolekeeper ${name}]\n${lines.join('')}\n`;
}

/** The keys of corp, with MFA; roles dev and ops behind its session. */
export const usualConfig = `[profile corp]
region = eu-west-1
endpoint_url = $STS
mfa_serial = ${mfaSerial}

${rolePair('dev', { role_arn: roleArn('Dev'), source_profile: 'corp' })}
${rolePair('ops', { role_arn: roleArn('Ops'), source_profile: 'corp' })}`;

export const usualCredentials = `[corp]
aws_access_key_id = ${accessKeyId}
aws_secret_access_key = ${secretAccessKey}
`;

/** As most people write it: the device on each role, and not on the keys. */
export function serialOnRoles(config: string): string {
  const line = `mfa_serial = ${mfaSerial}\n`;
  return config.replace(line, '').replaceAll(/^(role_arn = .*\n)/gm, `$1${line}`);
}

/** Imported and logged in: `get dev` works. */
export async function openUsualWorld(options: WorldOptions = {}): Promise<World> {
  const world = await openImportedWorld(options);
  await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
  return world;
}

/** The usual files, and their keys in the store: before the first login. */
export async function openImportedWorld(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  world.writeConfig(usualConfig);
  world.writeCredentials(usualCredentials);
  await succeed(world.rolekeeper(['import', 'corp', '--yes']));
  return world;
}

/** Throws with what the program said unless it ended with status 0. */
export async function succeed(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.status !== 0) throw new Error(`status ${ran.status ?? 'none'}: ${ran.stderr}${ran.stdout}`);
  return ran;
}

/** What rolekeeper keeps on this machine that can be made anew. */
export function machineState({ home }: World): string {
  const state = join(home, 'state', 'rolekeeper');
  const [machine = ''] = readdirSync(state).filter((name) => /^[0-9a-f]{16}$/.test(name));
  return join(state, machine);
}

function baseEnv(home: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    XDG_STATE_HOME: join(home, 'state'),
    ROLEKEEPER_RUNTIME_DIR: join(home, 'run'),
    ROLEKEEPER_AUTOSTART: '0',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

async function storeEnv(home: string, keychainEnv: WorldOptions['keychainEnv']): Promise<Record<string, string>> {
  if (keychainEnv !== undefined) return { ...keychainEnv };
  const keyPath = join(home, 'age-key.txt');
  writeFileSync(keyPath, await newKeyFile(), { mode: 0o600 });
  return { ROLEKEEPER_STORE: 'age', ROLEKEEPER_AGE_KEY_FILE: keyPath };
}

function startProgram(
  command: string,
  args: readonly string[],
  { env, home, given }: { readonly env: Readonly<Record<string, string>>; readonly home: string; readonly given: RunOptions },
): Running {
  const startedAt = performance.now();
  const child = spawn(command, args, { env: { ...env, ...given.env }, cwd: given.cwd ?? home, stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => undefined); // a program that does not read its stdin closes it
  if (!given.keepsStdinOpen) child.stdin.end(given.stdin ?? '');
  const ended = new Promise<Ran>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ stdout, stderr, status: code ?? undefined, tookMs: performance.now() - startedAt }));
  });
  return { child, ended };
}
