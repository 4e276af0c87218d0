// `rolekeeper refresh [PROFILE…]`: what a timer runs, and a person who wants new credentials now. Never prompts.

import { unaskedVariable } from '../config/answer-variables.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { localMinute } from '../credentials/credentials.ts';
import { AppError, isAppError, toAppError } from '../errors.ts';
import type { StateRecord } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import type { Clock } from '../ports/time.ts';
import { fewAtOnce } from '../refresh/few-at-once.ts';
import { warnOf } from '../refresh/kept.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';
import { type RefreshMode, type RefreshReport, refreshProfile } from '../refresh/refresh-profile.ts';
import type { Wiring } from '../wiring.ts';
import { type BackgroundSettings, backgroundSettings } from './background-settings.ts';
import { wantedProfiles, wantedRecords } from './kept-profiles.ts';
import { fullReport, writeStderr } from './report.ts';
import { endRotationsOf } from './rotation-ports.ts';
import { agentStatus } from './tell-agent.ts';

export interface RefreshOptions {
  readonly profiles: readonly string[];
  readonly isForced: boolean;
  readonly isQuiet: boolean;
}

const storeDeadlineMs = 1_500;
const lanes = 4;

/**
 * Without names: every profile that was asked for lately, and the person is told what threatens them; with `isForced`, all that were ever
 * asked for. Returns the exit status of the first failure, 0 without one. Throws `usage` for settings that make no sense.
 */
export async function refresh({ profiles, isForced, isQuiet }: RefreshOptions, wiring: Wiring): Promise<number> {
  await wiring.closeInheritedFiles(); // a `get` may have started this, out of a script that holds a lock
  const files = wiring.readConfig();
  if (profiles.length > 0) {
    const mode = isForced ? 'forced' : wiring.env[unaskedVariable] === undefined ? 'named' : 'unasked';
    return await refreshAll({ names: profiles.map(parseProfileName), files, mode, isQuiet }, wiring);
  }
  if (isForced)
    return await refreshAll(
      { names: namesOf(wiring.state.list().filter(({ kind }) => kind !== 'sign-in')), files, mode: 'forced', isQuiet },
      wiring,
    );
  const settings = backgroundSettings(wiring.agentSettings());
  try {
    return await refreshAll({ names: namesOf(wantedRecords(wiring, settings)), files, mode: 'due', isQuiet }, wiring);
  } finally {
    await warn(files, settings, wiring);
  }
}

function namesOf(records: readonly StateRecord[]): readonly ProfileName[] {
  return [...new Set(records.map(({ profile }) => profile))];
}

interface Asked {
  readonly names: readonly ProfileName[];
  readonly files: ConfigFiles;
  readonly mode: RefreshMode;
  readonly isQuiet: boolean;
}

async function refreshAll({ names, files, mode, isQuiet }: Asked, wiring: Wiring): Promise<number> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'never' });
  try {
    const ports = await portsFor(mode, store, wiring);
    const reports = await fewAtOnce(names, lanes, async (name) => {
      const report = await refreshNamed(name, { files, mode, ports, wiring });
      if (!isQuiet) writeStderr(linesOf(report, wiring.clock));
      return report;
    });
    const failures = reports.filter((report) => report.kind === 'failed');
    if (!isQuiet) writeStderr(failureLines(await withAgentsHint(failures, store, wiring)));
    if (mode === 'due') await endRotationsOf({ files, env: wiring.env }, async () => ports, wiring);
    return failures[0]?.error.exitStatus ?? 0;
  } finally {
    await store.close();
  }
}

/** A timer's service is a sandbox, as the agent's is: no program of the person's runs in it (decisions.md 21). */
async function portsFor(mode: RefreshMode, store: Store, wiring: Wiring): Promise<ObtainPorts> {
  const { programs, ...ports } = await wiring.openRefresh(store);
  const isSandboxed = mode === 'due' && (wiring.env['INVOCATION_ID'] ?? '') !== '';
  return isSandboxed || programs === undefined ? ports : { ...ports, programs };
}

/** The end of this process may be the end of all that it started, under systemd: a notification gets so long to be shown. */
const showMs = 2_000;

async function warn(files: ConfigFiles, settings: BackgroundSettings, wiring: Wiring): Promise<void> {
  if (settings.notify === 'off') return;
  const { notifier } = await wiring.openAgentWiring();
  const wanted = wantedProfiles(files, settings, wiring);
  warnOf(wanted, { clock: wiring.clock, notifier, warnsAtNight: settings.notify === 'always' });
  await notifier.settled(showMs);
}

interface Named {
  readonly files: ConfigFiles;
  readonly mode: RefreshMode;
  readonly ports: ObtainPorts;
  readonly wiring: Wiring;
}

type Failed = Extract<RefreshReport, { readonly kind: 'failed' }>;

type Report = RefreshReport | { readonly profile: ProfileName; readonly kind: 'gone' | 'elsewhere' };

async function refreshNamed(profile: ProfileName, { files, mode, ports, wiring }: Named): Promise<Report> {
  try {
    const report = await refreshProfile(resolveRecipe(profile, files, wiring.env), mode, ports);
    if (report.kind !== 'failed' || !isAppError(report.error, 'program-needed')) return report;
    await wiring.refreshElsewhere(profile);
    return { profile, kind: 'elsewhere' };
  } catch (error) {
    // A profile that was removed from the config since it was asked for is nobody's failure.
    if (mode === 'due' && isAppError(error, 'profile-unknown')) return { profile, kind: 'gone' };
    return { profile, kind: 'failed', error: toAppError(error) };
  }
}

/** `unlock` opens a store for the agent, and not for this process: to send the person there again would lead nowhere. */
async function withAgentsHint(failures: readonly Failed[], store: Store, wiring: Wiring): Promise<readonly Failed[]> {
  const isLocked = failures.some(({ error }) => isAppError(error, 'store-locked'));
  if (!isLocked || store.passphraseLock === undefined || (await agentStatus(wiring))?.unlocked !== true) return failures;
  const hint = 'the store is open in the agent, which refreshes by itself; nothing is to be done';
  return failures.map((failed) =>
    isAppError(failed.error, 'store-locked')
      ? {
          ...failed,
          error: new AppError('store-locked', {
            ...failed.error.details,
            store: `${store.description}, for this command,`,
            hint,
          }),
        }
      : failed,
  );
}

/** At the end, so that what failed in the same way for several profiles is said once: a locked store, a network that is down. */
function failureLines(failures: readonly Failed[]): readonly string[] {
  const names = new Map<string, readonly ProfileName[]>();
  for (const { profile, error } of failures) {
    const words = fullReport(error).join('\n');
    names.set(words, [...(names.get(words) ?? []), profile]);
  }
  return [...names].flatMap(([words, profiles]) => [`${profiles.join(', ')}: not refreshed`, words]);
}

function linesOf(report: Report, clock: Clock): readonly string[] {
  switch (report.kind) {
    case 'refreshed':
      return [`${report.profile}: refreshed, until ${localMinute(clock.toLocal(report.credentials.expiresAt))}`];
    case 'not-due':
      return [`${report.profile}: not due yet, until ${localMinute(clock.toLocal(report.credentials.expiresAt))}`];
    case 'backing-off':
      return [`${report.profile}: failed before, next try ${localMinute(clock.toLocal(report.retryAt))}`];
    case 'keys':
      return [`${report.profile}: long-term keys (session = none), nothing to refresh`];
    case 'elsewhere':
      return [`${report.profile}: its program runs in a process of its own`];
    case 'gone':
    case 'failed':
      return [];
    default:
      return report satisfies never;
  }
}
