// Credentials of a console sign-in (`aws login`): out of the AWS CLI's cache, and where they are about to end, from the AWS CLI itself, which
// refreshes its own sign-in. Never writes that cache, and never uses its refresh token (decisions.md 26).

import type { ConsoleHop } from '../config/entry-hop.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { parseLoginToken } from '../credentials/login-token.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Programs } from '../ports/programs.ts';
import type { EntryCall, EntryPorts } from './entry.ts';
import { credentialsOf } from './process.ts';
import { programsFor } from './programs.ts';

/** With less left the SDKs refresh, and so does the CLI when it is asked (LoginCredentialsFetcher.REFRESH_THRESHOLD). */
const refreshMs = 5 * 60_000;
const waitMs = 30_000;
const longestOutput = 64_000;
const setting = 'login_session';

/** Throws `login-needed` where only a person can go on, `program-failed` and `program-needed`. */
export async function requestConsole(
  { loginSession }: ConsoleHop,
  call: EntryCall,
  ports: Pick<EntryPorts, 'clock' | 'programs' | 'readLoginCache'>,
): Promise<Credentials> {
  const { profile } = call;
  // Where the cache is depends on the caller's environment, of which the agent knows only a part.
  const programs = programsFor({ setting, profile }, ports);
  const text = ports.readLoginCache(`${sha256Hex(loginSession)}.json`);
  if (text === undefined) throw loginNeeded(profile, `profile "${profile}" has no console sign-in`);
  const now = ports.clock.now();
  const token = parseLoginToken(text);
  if (token !== undefined && token.expiresAt - now > refreshMs) return { ...token, issuedAt: now };
  return credentialsOf(await askAwsCli(call, programs), { setting, profile, now });
}

async function askAwsCli({ profile, signal }: EntryCall, programs: Programs): Promise<string> {
  const command = `aws configure export-credentials --profile ${profile} --format process`;
  const run = { command, setting, wanted: 'credentials', profile, waitMs, longestOutput, showsStderr: false } as const;
  try {
    return await programs.output({ ...run, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (!isAppError(error, 'program-failed')) throw error;
    const { problem } = error.details;
    if (isOver.test(problem)) throw loginNeeded(profile, `the console sign-in of "${profile}" has ended`, error);
    const unfit = unfits.find(({ says }) => says.test(problem));
    throw new AppError('program-failed', { ...error.details, hint: `run \`${command}\``, ...unfit?.words }, error);
  }
}

/** What the CLI says when nobody but a person can go on: the last, of an entry that is not whole (LoginTokenLoadError). */
const isOver = /re-?authenticate|session (has )?expired|aws login|login session token/i;

/** An AWS CLI that cannot refresh such a sign-in: none, one without the command, one that sees no credentials in the profile. */
const unfits = [
  { says: /status (127|9009)\b/, words: { problem: 'there is no AWS CLI on PATH', hint: 'install AWS CLI 2.32.0 or later' } },
  {
    says: /invalid choice|no credentials found/i,
    words: { problem: 'the AWS CLI on PATH knows no `aws login`', hint: 'bring it to 2.32.0 or later' },
  },
] as const;

function loginNeeded(profile: string, why: string, cause?: unknown): AppError {
  return new AppError('login-needed', { profile, target: profile, why, command: `aws login --profile ${profile}` }, cause);
}
