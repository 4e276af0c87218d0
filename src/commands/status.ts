// `rolekeeper status [PROFILE]`: what is cached until when, what failed, what happens next. Reads the state; asks the store,
// the agent and the service's manager only whether they are there.

import { parseProfileName } from '../config/names.ts';
import { keptProfiles } from '../config/profile-settings.ts';
import { localMinute } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { backgroundLines } from './background-lines.ts';
import { type BackgroundSummary, backgroundStatus } from './background-status.ts';
import { type LifeLeft, lifeBar, lifeColour } from './life-bar.ts';
import { type ProfileStatus, profileStatus } from './profile-status.ts';
import { withScreen } from './screen.ts';
import { shortTime } from './short-time.ts';
import { type StatusRow, shortRole, statusTable } from './status-table.ts';
import { writeStdout } from './stdout.ts';
import { type StoreStatus, storeStatus } from './store-status.ts';
import { terminalColumns } from './terminal-columns.ts';
import { type TerminalLook, terminalLook } from './terminal-look.ts';
import { timeLeft } from './time-left.ts';
import { watchStatus } from './watch-status.ts';

/** As the front waits for it: a person who looks would notice more. */
const agentWaitMs = 300;

export interface StatusOptions {
  readonly profile: string | undefined;
  readonly isJson: boolean;
  /** This program's. */
  readonly version: string;
}

/**
 * Without a profile: every one that rolekeeper answers for, and every one that was asked for. Goes to stdout. What is wrong with a
 * profile or the store is what the status says, no failure of its own; throws `profile-unknown`.
 */
export async function status(options: StatusOptions, wiring: Wiring): Promise<void> {
  writeStdout(options.isJson ? await statusJson(options, wiring) : await statusText(options, wiring));
}

/** Draws it anew until Ctrl-C. Throws `usage` without a terminal, `profile-unknown`. */
export async function statusWatched(options: StatusOptions, wiring: Wiring): Promise<void> {
  await withScreen('status --watch', (screen) => watchStatus(() => statusText(options, wiring), screen));
}

async function statusJson(options: StatusOptions, wiring: Wiring): Promise<string> {
  return `${JSON.stringify(await look(options, localMinute, wiring), undefined, 2)}\n`;
}

async function statusText(options: StatusOptions, wiring: Wiring): Promise<string> {
  const localNow = wiring.clock.toLocal(wiring.clock.now());
  const timeWords = (localAt: number) => shortTime(localAt, localNow);
  const times = (at: string) => timeWords(wiring.clock.toLocal(Date.parse(at)));
  return inWords(await look(options, timeWords, wiring), { times, look: terminalLook(wiring.env) });
}

async function look({ profile, version }: StatusOptions, timeWords: (localAt: number) => string, wiring: Wiring) {
  const files = wiring.readConfig();
  const rotations = await wiring.openRotationRecords();
  const asked = wiring.state.list().flatMap(({ kind, profile: asker }) => (kind === 'sign-in' ? [] : [asker]));
  const names = profile === undefined ? [...new Set([...keptProfiles(files), ...asked])] : [parseProfileName(profile)];
  const profiles = names
    .map((name) => profileStatus(name, files, { wiring, rotations, timeWords }))
    .filter((one) => profile !== undefined || !isGone(one));
  const [named] = profile === undefined ? [] : profiles;
  if (named?.problem?.code === 'profile-unknown')
    throw new AppError('profile-unknown', { profile: named.profile, path: wiring.configPath });
  const [store, background] = await Promise.all([storeStatus(wiring), backgroundStatus({ version, agentWaitMs }, wiring)]);
  return { v: 1, store, ...background, profiles };
}

/** Asked for once, and removed from the config since. */
function isGone({ problem }: ProfileStatus): boolean {
  return problem?.code === 'profile-unknown';
}

/** A moment as the status has it, for a person. */
type Times = (at: string) => string;

interface Shown extends BackgroundSummary {
  readonly store: StoreStatus;
  readonly profiles: readonly ProfileStatus[];
}

interface Manner {
  readonly times: Times;
  readonly look: TerminalLook;
}

function inWords({ profiles, store, ...background }: Shown, { times, look }: Manner): string {
  const head = [storeLine(store), ...secretLines(store), ...backgroundLines(background, times)];
  if (profiles.length === 0) return `${head.join('\n')}\nNo profile is on rolekeeper yet. Begin with \`rolekeeper setup\`.\n`;
  const table = statusTable(
    profiles.map((one) => rowOf(one, { times, look })),
    terminalColumns(),
  );
  const remarks = profiles.flatMap((one) => remarksOn(one, times));
  return [...head, '', ...table, ...(remarks.length === 0 ? [] : ['', ...remarks]), ''].join('\n');
}

function rowOf(one: ProfileStatus, { times, look }: Manner): StatusRow {
  const { profile, keys, secondsLeft, expiresAt, sessionExpiresAt, next } = one;
  const life = lifeLeft(one);
  const left = secondsLeft === undefined ? '-' : timeLeft(secondsLeft);
  return {
    profile,
    credentials: credentialsOf(one),
    keys: keys ?? '',
    ...(look.bars === undefined
      ? {}
      : { life: life === undefined ? '' : look.paint(lifeColour(life), lifeBar(life, look.bars)) }),
    left,
    expires: expiresAt === undefined ? '-' : times(expiresAt),
    sessionUntil: sessionExpiresAt === undefined ? '-' : times(sessionExpiresAt),
    next,
  };
}

function credentialsOf({ kind, role, accountId, roleName }: ProfileStatus): string {
  if (role !== undefined) return shortRole(role);
  return accountId === undefined || roleName === undefined ? kind : `${accountId} ${roleName}`;
}

/** Undefined for what was never made. */
function lifeLeft({ secondsLeft, expiresAt, lastRefreshAt, lastError, problem }: ProfileStatus): LifeLeft | undefined {
  if (secondsLeft === undefined || expiresAt === undefined) return undefined;
  const lifeSeconds = lastRefreshAt === undefined ? undefined : (Date.parse(expiresAt) - Date.parse(lastRefreshAt)) / 1000;
  return { secondsLeft, lifeSeconds, isThreatened: lastError !== undefined || problem !== undefined };
}

function storeLine({ description, problem, hint }: StoreStatus): string {
  if (problem === undefined) return `Store: ${description}`;
  return `Store: ${problem}${hint === undefined ? '' : `\n  hint: ${hint}`}`;
}

/** A person chose to have both factors in one place, and may have forgotten. */
function secretLines({ mfaSecrets = [] }: StoreStatus): readonly string[] {
  return mfaSecrets.map(
    (name) => `  holds the MFA secret of "${name}" too; out with it: \`rolekeeper mfa-secret --remove ${shellWord(name)}\``,
  );
}

function remarksOn({ profile, problem, lastError, notes }: ProfileStatus, times: Times): readonly string[] {
  const failure = problem ?? lastError;
  return [
    ...(failure === undefined ? [] : [`${profile}: ${failure.message}`]),
    ...(lastError === undefined ? [] : [`  failed ${times(lastError.at)}, ${lastError.count} in a row`]),
    ...(failure?.hint === undefined ? [] : [`  hint: ${failure.hint}`]),
    ...notes.map((note) => `${profile}: note: ${note}`),
  ];
}
