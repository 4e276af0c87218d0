// Where things are: our own directories and the user's AWS files. Pure: the environment and the user arrive as arguments.
// The native front finds the same runtime directory by the same rules; change both together.

import { posix, resolve, win32 } from 'node:path';
import { hmacSha256Hex } from '../credentials/digest.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { errorCode } from './problem-words.ts';

/** Who runs us, and on what. */
export interface Caller {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** Undefined where users have no numbers (Windows). */
  readonly uid: number | undefined;
  /** From `homeDirectory`. */
  readonly home: string;
}

/**
 * `HOME` (`USERPROFILE` on Windows), as botocore and Node do; where it is missing or empty, what the user database says. Throws `usage`
 * where that does not know the user, as in containers with a uid of their own.
 */
export function homeDirectory({ env, platform }: Pick<Caller, 'env' | 'platform'>, fromUserDatabase: () => string): string {
  const variable = platform === 'win32' ? 'USERPROFILE' : 'HOME';
  const home = env[variable];
  if (home !== undefined && home !== '') return home;
  try {
    return fromUserDatabase();
  } catch (error) {
    if (errorCode(error) !== 'ERR_SYSTEM_ERROR') throw error;
    const problem = `there is no home directory: ${variable} is not set, and the system does not know this user`;
    throw new AppError('usage', { problem, hint: `set ${variable}` }, error);
  }
}

/** For what outlives a reboot and is no secret. `ROLEKEEPER_STATE_DIR` wins. */
export function stateDirectory(caller: Caller): string {
  const { env, platform, home } = caller;
  const chosen = absolute(caller, 'ROLEKEEPER_STATE_DIR');
  if (chosen !== undefined) return chosen;
  const { join } = pathsOf(caller);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'rolekeeper');
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'rolekeeper');
  return join(absolute(caller, 'XDG_STATE_HOME') ?? join(home, '.local', 'state'), 'rolekeeper');
}

/**
 * For the agent's socket. `ROLEKEEPER_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/rolekeeper`, else `/run/user/UID/rolekeeper`, else the state
 * directory, so that cron, IDEs and `env -i` reach the same agent. `isOwnDirectory` tells whether a directory is there and the user's own:
 * sudo and su leave behind an XDG_RUNTIME_DIR that is neither.
 */
export function runtimeDirectory(caller: Caller, isOwnDirectory: (path: string) => boolean): string {
  const chosen = absolute(caller, 'ROLEKEEPER_RUNTIME_DIR');
  if (chosen !== undefined) return chosen;
  const { platform, uid } = caller;
  // macOS has no such directory, and $TMPDIR differs between login and ssh sessions (decisions.md 20).
  if (platform === 'darwin' || platform === 'win32') return stateDirectory(caller);
  const usual = [absolute(caller, 'XDG_RUNTIME_DIR'), uid === undefined ? undefined : `/run/user/${uid}`];
  const own = usual.find((path) => path !== undefined && isOwnDirectory(path));
  return own === undefined ? stateDirectory(caller) : posix.join(own, 'rolekeeper');
}

/**
 * The name of this machine's part of the state directory, so that a HOME shared by two machines stays right. machine-id(5) asks that
 * the id itself be shown to nobody, hence the keyed hash.
 */
export function machineName(id: string): string {
  return hmacSha256Hex(id, 'rolekeeper').slice(0, 16);
}

/** `AWS_CONFIG_FILE`, else `~/.aws/config`. May be relative to the caller's directory. */
export function awsConfigFile(caller: Caller): string {
  return awsFile(caller, 'AWS_CONFIG_FILE', 'config');
}

/** `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`. May be relative to the caller's directory. */
export function awsCredentialsFile(caller: Caller): string {
  return awsFile(caller, 'AWS_SHARED_CREDENTIALS_FILE', 'credentials');
}

/** Of console sign-ins (`aws login`): `AWS_LOGIN_CACHE_DIRECTORY`, else `~/.aws/login/cache`, as botocore and the SDKs have it. */
export function awsLoginCache(caller: Caller): string {
  const chosen = caller.env['AWS_LOGIN_CACHE_DIRECTORY'];
  return chosen ? expanded(caller, chosen) : pathsOf(caller).join(caller.home, '.aws', 'login', 'cache');
}

function awsFile(caller: Caller, variable: string, name: string): string {
  const chosen = caller.env[variable];
  if (chosen === undefined || chosen === '') return pathsOf(caller).join(caller.home, '.aws', name);
  return expanded(caller, chosen);
}

// botocore's raw_config_parse: os.path.expandvars, then os.path.expanduser. `~somebody` stays as it is: no user database here.
function expanded(caller: Caller, path: string): string {
  const filled = path.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, plain: string | undefined, braced: string | undefined) => {
    return caller.env[plain ?? braced ?? ''] ?? whole;
  });
  const [first = ''] = filled.split(caller.platform === 'win32' ? /[\\/]/ : '/', 1);
  return first === '~' ? `${caller.home}${filled.slice(1)}` : filled;
}

// "All paths set in these environment variables must be absolute. If an implementation encounters a relative path … it should consider
// the path invalid and ignore it." (XDG Base Directory Specification 0.8)
function absolute(caller: Caller, variable: string): string | undefined {
  const path = caller.env[variable];
  return path !== undefined && pathsOf(caller).isAbsolute(path) ? path : undefined;
}

function pathsOf({ platform }: Pick<Caller, 'platform'>): typeof posix {
  return platform === 'win32' ? win32 : posix;
}

/** From the working directory. In one that was deleted there is no such file, and a relative path says so as well. */
export function wholePath(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return path;
  }
}
