// Starts processes of our own that outlive this one, for a `get` that must not wait. One start per purpose and half minute.

import { spawn } from 'node:child_process';
import { closeSync, existsSync, futimesSync, openSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { answerVariables } from '../config/answer-variables.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Log } from '../ports/log.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { errorCode } from './problem-words.ts';
import { createServiceRecords } from './service-record.ts';

export interface Background {
  /** The script to run under this same node. */
  readonly script: string;
  readonly env: Environment;
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
  readonly log: Log;
}

/** Whole paths. */
export interface AwsFiles {
  readonly configPath: string;
  readonly credentialsPath: string;
}

/** A burst of callers starts one process; one that died is started again after this time. */
const quietMs = 30_000;

/** `rolekeeper refresh PROFILE...`. Never throws for what the system refuses: the caller has its answer already. */
export function startRefresh(profiles: readonly string[], background: Background & AwsFiles): void {
  start(`refresh ${profiles.join(' ')}`, background, () => ({
    command: process.execPath,
    args: [background.script, 'refresh', ...profiles, '--quiet'],
    env: refreshEnvironment(background),
  }));
}

/**
 * The same for an agent, which may live in the sandbox of a service: its children would, too, and programs of the person's own do not work
 * there. So the user manager starts it (decisions.md 21). Never throws, as above.
 */
export function startRefreshElsewhere(profile: string, background: Background & AwsFiles): void {
  start(`refresh ${profile}`, background, () => {
    const args = [background.script, 'refresh', profile, '--quiet'];
    const command = { command: process.execPath, args, env: refreshEnvironment(background) };
    return isService(background.env) ? asService(command) : command;
  });
}

/** systemd.exec(5): set for whatever systemd starts. */
function isService(env: Environment): boolean {
  return process.platform === 'linux' && (env['INVOCATION_ID'] ?? '') !== '';
}

/**
 * PATH and the desktop's variables are the manager's: a unit has few of them. Of ours only the names go into the arguments, which everybody
 * can read; systemd-run takes the values out of its environment (systemd-run(1)).
 */
function asService({ command, args, env }: Command): Command {
  const names = Object.keys(env).filter((name) => isForService(name) && env[name] !== undefined);
  const options = ['--user', '--collect', '--quiet', '--no-block', '--property=LimitCORE=0', '--property=UMask=0077'];
  // The manager puts variables into the arguments, not into the path of the program (systemd.service(5), COMMAND LINES).
  const words = [command, ...args.map((word) => word.replaceAll('$', '$$$$'))];
  return { command: 'systemd-run', args: [...options, ...names.map((name) => `--setenv=${name}`), '--', ...words], env };
}

function isForService(name: string): boolean {
  return answerVariables.includes(name) || name.startsWith('ROLEKEEPER_') || name === 'XDG_STATE_HOME' || name === 'HOME';
}

/** An agent sees for itself what is due after a login. Where a timer takes its place, these are refreshed now. Never throws, as above. */
export function startAfterLogin(profiles: readonly string[], background: Background & AwsFiles): void {
  startAgent(background);
  if (profiles.length > 0 && hasTimer(background)) startRefresh(profiles, background);
}

// In its own directory, and with few of the caller's variables, the child would take a relative path or one with `$VAR` for another file.
function refreshEnvironment({ env, configPath, credentialsPath }: Background & AwsFiles): Environment {
  const caBundle = env['AWS_CA_BUNDLE'];
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => isPassedOn(name))),
    AWS_CONFIG_FILE: configPath,
    AWS_SHARED_CREDENTIALS_FILE: credentialsPath,
    ...(caBundle ? { AWS_CA_BUNDLE: resolve(caBundle) } : {}),
  };
}

/**
 * The agent: the installed service if there is one, else a process that leaves when it is idle. None for whoever chose a timer instead.
 * Never throws, as above.
 */
export function startAgent(background: Background): void {
  start('agent', background, () => {
    if (hasTimer(background)) return undefined;
    return hasService(background) ? throughService(background) : agentCommand(background);
  });
}

/** Without core files, where a shell can see to that (setrlimit(2) is out of Node's reach). */
export function agentCommand({ script, env }: Pick<Background, 'script' | 'env'>): Command {
  const args = [script, 'agent', 'run', '--until-idle'];
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => isForAgent(name)));
  if (process.platform === 'win32') return { command: process.execPath, args, env: own };
  return { command: '/bin/sh', args: ['-c', alone, process.execPath, ...args], env: own };
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const service = 'systemctl --user --no-block start rolekeeper.socket rolekeeper.service';
const alone = 'ulimit -c 0; exec "$0" "$@"';

/** Where the units lie and no user manager runs (cron, a container), as a process of its own after all. */
function throughService(background: Background): Command {
  const { args, ...command } = agentCommand(background);
  return { ...command, args: ['-c', `${service} || { ${alone}; }`, ...args.slice(2)] };
}

function hasService({ env, owner }: Background): boolean {
  const config = env['XDG_CONFIG_HOME'] || join(owner.home, '.config');
  return process.platform === 'linux' && existsSync(join(config, 'systemd', 'user', 'rolekeeper.service'));
}

/** True after `rolekeeper install --timer`. */
function hasTimer({ base, owner, log }: Background): boolean {
  try {
    return createServiceRecords({ base, owner }).read()?.mode === 'timer';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.event('service.unreadable', { problem: error.message });
    return false;
  }
}

function start(purpose: string, background: Background, commandOf: () => Command | undefined): void {
  const { log } = background;
  try {
    if (!claim(purpose, background)) return;
    const chosen = commandOf();
    if (chosen === undefined) return;
    const { command, args, env } = chosen;
    const child = spawn(command, args, { detached: true, stdio: 'ignore', cwd: '/', env, windowsHide: true });
    child.once('error', (error) => log.event('background.failed', { purpose, problem: error.message }));
    child.unref();
    log.event('background.started', { purpose });
  } catch (error) {
    if (!(error instanceof AppError) && errorCode(error) === undefined) throw error;
    log.event('background.failed', { purpose, problem: String(error) });
  }
}

/** True for one of many callers. Two at the very same moment may both get it: the locks make them one. */
function claim(purpose: string, { base, machine, owner }: Background): boolean {
  const directory = ensurePrivateDirectory({ base, below: [machine], owner });
  const path = join(directory, `started-${sha256Hex(purpose).slice(0, 16)}`);
  const last = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const now = Date.now();
  if (now >= last && now - last < quietMs) return false;
  const file = openSync(path, 'a', 0o600);
  try {
    futimesSync(file, now / 1000, now / 1000);
  } finally {
    closeSync(file);
  }
  return true;
}

// What changes the answer or is needed to reach store and network; a caller's own secrets stay behind.
const passedOn = new Set([
  'HOME',
  'USER',
  'LOGNAME',
  'PATH',
  'LANG',
  'TMPDIR',
  'USERPROFILE',
  'LOCALAPPDATA',
  'APPDATA',
  'SystemRoot',
  'DBUS_SESSION_BUS_ADDRESS',
  ...answerVariables,
]);

/** The agent learns from each request what its callers mean; of its own it needs its home, its directories and the store. */
function isForAgent(name: string): boolean {
  return isPassedOn(name) && !name.startsWith('AWS_') && !/_proxy$/i.test(name);
}

function isPassedOn(name: string): boolean {
  if (name === 'ROLEKEEPER_DEADLINE') return false; // of the one `get` that started this
  return passedOn.has(name) || name.startsWith('ROLEKEEPER_') || name.startsWith('XDG_');
}
