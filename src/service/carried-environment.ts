// Which variables of the person who installs the service are written into it: those without which it would look in other places than the
// programs that ask it. Never one that may hold a secret: proxy URLs hold passwords, so proxies come with each request.

import { isAbsolute } from 'node:path/posix';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';

export interface Carried {
  readonly variables: readonly (readonly [name: string, value: string])[];
  readonly notes: readonly string[];
}

/** Relative paths are left behind with a note: a service has another working directory. Throws `usage` for control characters. */
export function carriedEnvironment(env: Environment): Carried {
  const set = [...paths, ...words].flatMap((name) => {
    const value = env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  for (const [name, value] of set) refuseControls(value, name);
  const isLeft = ([name, value]: readonly [string, string]) => paths.includes(name) && !isAbsolute(value);
  return {
    variables: set.filter((one) => !isLeft(one)),
    notes: set.filter(isLeft).map(([name, value]) => `${name}=${value} is not an absolute path; the service will not use it`),
  };
}

/** Throws `usage`: none of the formats can hold them, or not without surprises. */
export function refuseControls(text: string, what: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw new AppError('usage', { problem: `${what} holds control characters: ${JSON.stringify(text.slice(0, 80))}` });
}

const paths = [
  'ROLEKEEPER_STATE_DIR',
  'ROLEKEEPER_RUNTIME_DIR',
  'ROLEKEEPER_AGE_DIR',
  'ROLEKEEPER_AGE_KEY_FILE',
  'XDG_STATE_HOME',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
];
const words = ['ROLEKEEPER_STORE'];
