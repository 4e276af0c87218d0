// Runs every credential_process line that names rolekeeper, as the clients do, for `doctor`.

import process from 'node:process';
import { findSection } from '../config/aws-config.ts';
import type { ProfileName } from '../config/names.ts';
import { processLine } from '../config/process-line.ts';
import { type ConfigFiles, keptProfiles, ownProfile } from '../config/profile-settings.ts';
import {
  checkLineRuns,
  checkLineText,
  lineDeadlineMs,
  lineOutputLimit,
  mergeLogins,
  type ProcessLine,
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

/** What has been found out already is not found once more by each line: a broken recipe, a store that does not answer. */
export async function examineLines(files: ConfigFiles, store: Examined, side: LineSide): Promise<Examined> {
  const lines = keptProfiles(files).flatMap((profile) => lineOf(profile, files, side.wiring));
  const hasStore = store.findings.length === 0;
  const findings = await fewAtOnce(lines, lanes, async ({ asked, ...line }) => {
    const written = checkLineText(line);
    if (written.length > 0) return written;
    if (recipeOrUndefined(asked, files, side.wiring) === undefined) return [];
    const runs = await runAsClients(line.line, side);
    return checkLineRuns(
      line,
      runs.filter(({ status }) => hasStore || status !== storeStatusCode),
    );
  });
  return examined('process-line', mergeLogins(findings.flat()), lines.length === 1 ? 'one line' : `${lines.length} lines`);
}

/** The exit status for a store that is locked or does not answer. */
const storeStatusCode = 5;

interface KeptLine extends ProcessLine {
  readonly asked: ProfileName;
}

function lineOf(profile: string, { config }: ConfigFiles, { program }: Wiring): readonly KeptLine[] {
  const setting = findSection(config, 'profile', profile)?.settings.get('credential_process');
  const asked = setting === undefined ? undefined : ownProfile(setting.value);
  if (setting === undefined || asked === undefined) return [];
  const right = rightLine(program, asked);
  return [{ profile, line: setting.value, place: { path: config.path, line: setting.line }, right, asked }];
}

function rightLine(program: string, profile: ProfileName): string {
  try {
    return processLine(program, profile);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return `/ABSOLUTE/PATH/rolekeeper get ${profile}`;
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
