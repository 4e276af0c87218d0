// Starts `rolekeeper refresh PROFILE` as a process of its own, for a `get` that must not wait. One start per profile and half minute.

import { spawn } from 'node:child_process';
import { closeSync, futimesSync, openSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { sha256Hex } from '../credentials/digest.ts';
import { AppError } from '../errors.ts';
import type { Environment, Log } from '../ports.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { errorCode } from './problem-words.ts';

export interface BackgroundRefresh {
  /** The script to run under this same node. */
  readonly program: string;
  readonly profile: string;
  readonly env: Environment;
  /** As the caller sees them: perhaps relative to its directory. */
  readonly configPath: string;
  readonly credentialsPath: string;
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
  readonly log: Log;
}

/** A burst of callers starts one refresh; one that died is started again after this time. */
const quietMs = 30_000;

/** Never throws for what the system refuses: the caller has its answer already. */
export function startRefresh(refresh: BackgroundRefresh): void {
  const { program, profile, log } = refresh;
  try {
    if (!claim(refresh)) return;
    const child = spawn(process.execPath, [program, 'refresh', profile, '--quiet'], {
      detached: true,
      stdio: 'ignore',
      cwd: '/',
      env: childEnvironment(refresh),
    });
    child.once('error', (error) => log.event('background.failed', { profile, problem: error.message }));
    child.unref();
    log.event('background.started', { profile });
  } catch (error) {
    if (!(error instanceof AppError) && errorCode(error) === undefined) throw error;
    log.event('background.failed', { profile, problem: String(error) });
  }
}

// In its own directory, and with few of the caller's variables, the child would take a relative path or one with `$VAR` for another file.
function childEnvironment({ env, configPath, credentialsPath }: BackgroundRefresh): Environment {
  const caBundle = env['AWS_CA_BUNDLE'];
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => isPassedOn(name))),
    AWS_CONFIG_FILE: resolve(configPath),
    AWS_SHARED_CREDENTIALS_FILE: resolve(credentialsPath),
    ...(caBundle ? { AWS_CA_BUNDLE: resolve(caBundle) } : {}),
  };
}

/** True for one of many callers. Two at the very same moment may both get it: the refresh lock makes them one. */
function claim({ base, machine, owner, profile }: BackgroundRefresh): boolean {
  const directory = ensurePrivateDirectory({ base, below: [machine], owner });
  const path = join(directory, `started-${sha256Hex(profile).slice(0, 16)}`);
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
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_STS',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_STS_REGIONAL_ENDPOINTS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_CA_BUNDLE',
]);

function isPassedOn(name: string): boolean {
  return passedOn.has(name) || name.startsWith('ROLEKEEPER_') || name.startsWith('XDG_');
}
