// Runs every credential_process line that names rolekeeper, as the clients do, for `doctor`.

import process from 'node:process';
import { findSection } from '../config/aws-config.ts';
import { isProfileName, type ProfileName } from '../config/names.ts';
import { processLine } from '../config/process-line.ts';
import { type ConfigFiles, keptProfiles, ownCommand } from '../config/profile-settings.ts';
import { loginStartOf } from '../config/recipe.ts';
import type { Finding } from '../doctor/finding.ts';
import { otherWays } from '../doctor/mixed-profiles.ts';
import {
  checkLineRuns,
  checkLineTarget,
  checkLineText,
  checkMissingLine,
  lineDeadlineMs,
  lineOutputLimit,
  mergeLogins,
  type ProcessLine,
  repairedLine,
} from '../doctor/process-line.ts';
import { isAppError } from '../errors.ts';
import type { Inspector, LineRun } from '../ports/inspector.ts';
import { fewAtOnce } from '../refresh/few-at-once.ts';
import type { Wiring } from '../wiring.ts';
import { type Examined, examined, recipeOrUndefined } from './doctor-look.ts';

/** Lines that run at once: each may be a Node process. */
const lanes = 2;

interface LineSide {
  readonly inspector: Inspector;
  readonly wiring: Wiring;
}

export interface KnownFaults {
  readonly store: Examined;
  readonly certificates: Examined;
}

/** What has been found out already is not found once more by each line: a broken recipe, a store that does not answer, a certificate. */
export async function examineLines(files: ConfigFiles, { store, certificates }: KnownFaults, side: LineSide): Promise<Examined> {
  const kept = keptProfiles(files);
  const lines = kept.flatMap((profile) => lineOf(profile, files, side.wiring) ?? []);
  const hasStore = store.findings.length === 0;
  const findings = await fewAtOnce(lines, lanes, async ({ asked, hasRecipe, ...line }) => {
    const written = [...checkLineTarget(line, { asked, hasRecipe }), ...(asked === undefined ? [] : checkLineText(line))];
    if (written.length > 0 || asked === undefined) return written;
    if (recipeOrUndefined(asked, files, side.wiring) === undefined) return [];
    const hasCertificate = !certificates.findings.some(({ profile }) => profile === asked);
    const runs = await runAsClients(line.line, side);
    return checkLineRuns(
      line,
      runs.filter(({ status }) => (hasStore || status !== storeStatusCode) && (hasCertificate || status !== configStatusCode)),
    );
  });
  const missing = kept.flatMap((profile) => missingLines(profile, files, side.wiring));
  const startOf = (profile: string) => startOfLogin(profile, files, side.wiring);
  const all = mergeLogins([...missing, ...findings.flat()], startOf);
  return examined('process-line', all, lines.length === 1 ? 'one line' : `${lines.length} lines`);
}

function startOfLogin(profile: string, files: ConfigFiles, wiring: Wiring): string | undefined {
  const recipe = isProfileName(profile) ? recipeOrUndefined(profile, files, wiring) : undefined;
  return recipe && loginStartOf(recipe);
}

/** The exit status for a store that is locked or does not answer. */
const storeStatusCode = 5;
/** For a configuration that cannot work, its files included. */
const configStatusCode = 3;

interface KeptLine extends ProcessLine {
  readonly asked: ProfileName | undefined;
  readonly hasRecipe: boolean;
}

function lineOf(profile: ProfileName, files: ConfigFiles, { program }: Wiring): KeptLine | undefined {
  const { config } = files;
  const setting = findSection(config, 'profile', profile)?.settings.get('credential_process');
  if (setting === undefined) return undefined;
  const own = ownCommand(setting.value);
  const asked = own?.profile;
  const hasRecipe = hasRoleRecipe(profile, files);
  const right = rightLine(program, hasRecipe || asked === undefined ? profile : asked);
  const repaired = right === undefined || own === undefined ? undefined : repairedLine(program, own.rest);
  const place = { path: config.path, line: setting.line };
  return { profile, line: setting.value, place, right, repaired, asked, hasRecipe };
}

function hasRoleRecipe(profile: ProfileName, { config }: ConfigFiles): boolean {
  return findSection(config, 'rolekeeper', profile)?.settings.has('role_arn') === true;
}

/** Of a profile that has no other way to credentials; a recipe without a profile is one for others to start from. */
function missingLines(profile: ProfileName, files: ConfigFiles, { program }: Wiring): readonly Finding[] {
  const { config } = files;
  const section = findSection(config, 'profile', profile);
  if (section === undefined || !hasRoleRecipe(profile, files)) return [];
  if (['credential_process', ...otherWays].some((key) => section.settings.has(key))) return [];
  return [checkMissingLine({ profile, place: { path: config.path, line: section.line }, right: rightLine(program, profile) })];
}

/** Undefined where some SDK could not run it. */
function rightLine(program: string, profile: ProfileName): string | undefined {
  try {
    return processLine(program, profile);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined;
  }
}

async function runAsClients(line: string, { inspector, wiring }: LineSide): Promise<readonly LineRun[]> {
  const manner = { env: bareEnvironment(wiring.env), deadlineMs: lineDeadlineMs, mostBytes: lineOutputLimit };
  const ways = process.platform === 'win32' ? (['shell'] as const) : (['shlex', 'shell'] as const);
  const runs: LineRun[] = [];
  for (const way of ways) {
    const first = await inspector.run(line, { ...manner, way });
    // Once may have been the machine, or AWS's first answer; a second time it is the line.
    const run = first.end === 'too-late' ? await inspector.run(line, { ...manner, way }) : first;
    runs.push(run);
    if (run.end !== 'exited') break;
  }
  return runs;
}

/** As cron and IDEs start programs. Our own switches of this one call are not the line's. */
function bareEnvironment({ ROLEKEEPER_DEBUG: _debug, ROLEKEEPER_DEADLINE: _deadline, ...env }: Wiring['env']): Wiring['env'] {
  return process.platform === 'win32' ? env : { ...env, PATH: '/usr/bin:/bin' };
}
