// `rolekeeper sso populate`: roles of IAM Identity Center become profiles, each as a pair of sections at the end of the config file.
// `release` takes them out again; the way back is noted before the file is touched.

import { scanLines } from '../config/aws-config-lines.ts';
import type { ProfileName } from '../config/names.ts';
import { addPortalPair, type NamedRole, profileNameFor } from '../config/portal-profiles.ts';
import { applyChanges, type PairChange } from '../config/role-pair.ts';
import { recordPair } from '../config/undo-pair.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { AppError } from '../errors.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { alone, readTexts, writeTexts } from './config-texts.ts';
import { askPortal, type PortalAnswer, type PortalQuestion, profilesOfRoles } from './portal-roles.ts';
import { writeStderr } from './report.ts';
import { writeStdout } from './stdout.ts';
import { keepNote } from './undo-files.ts';

export interface PopulateOptions extends PortalQuestion {
  readonly isAll: boolean;
  readonly template: string;
  readonly prefix: string;
  readonly region: string | undefined;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

/** Roles with a profile already are left alone. Throws `edit-refused` for a name that is taken, and then changes nothing. */
export async function ssoPopulate(options: PopulateOptions, wiring: Wiring): Promise<void> {
  if (!options.isAll && options.accounts.length === 0 && options.roles.length === 0) {
    const hint = 'choose with --account and --role, or say --all; `rolekeeper sso accounts` lists them';
    throw new AppError('usage', { problem: 'sso populate: which roles?', hint });
  }
  const answer = await askPortal(options, wiring);
  const { before, after, changes, already } = planNow(answer, options, wiring);
  writeStderr(already.length === 0 ? [] : [`on rolekeeper already: ${already.join(', ')}`]);
  if (options.isDryRun) {
    writeStdout(unifiedDiff(wiring.configPath, before, after));
    return writeStderr(['nothing was changed']);
  }
  if (changes.length === 0) return writeStderr(['there is nothing to add']);
  if (!options.isYes) await confirmAddition(changes, wiring);
  const undoNotes = await wiring.openUndoNotes();
  const added = await alone(wiring, () => {
    const planned = planNow(answer, options, wiring);
    // Before the file is touched: whatever happens next, there is a way back.
    for (const change of planned.changes) {
      keepNote(change.profile, { command: 'adopt', records: [recordPair(wiring.configPath, change)] }, undoNotes);
    }
    faultPoint('undo note kept');
    const texts = readTexts(wiring);
    writeTexts({ ...texts, config: planned.before }, { ...texts, config: planned.after }, wiring);
    return planned.changes.map(({ profile }) => profile);
  });
  writeStderr([`added: ${added.join(', ')}`, `to take it back: \`rolekeeper release ${added.map(shellWord).join(' ')}\``]);
}

interface Plan {
  /** The config file. */
  readonly before: string;
  readonly after: string;
  readonly changes: readonly PairChange[];
  readonly already: readonly ProfileName[];
}

/** From the files as they are now. */
function planNow(answer: PortalAnswer, options: PopulateOptions, wiring: Wiring): Plan {
  const { config: before } = readTexts(wiring);
  const scanned = scanLines(before, wiring.configPath);
  const there = profilesOfRoles(answer, wiring.readConfig(), wiring);
  const { signIn } = answer.target;
  const names = namesOf(
    answer.roles.filter((role) => !there.has(role)),
    options,
    signIn.sessionName,
  );
  const region = options.region ?? answer.region;
  const changes = [...names].map(([profile, role]) =>
    addPortalPair(scanned, profile, { signIn, role, region, program: wiring.program }),
  );
  // All go to one place, and each before those that are there: the last first.
  return { before, after: applyChanges(scanned, changes.toReversed()), changes, already: [...there.values()] };
}

function namesOf(
  roles: readonly NamedRole[],
  { template, prefix }: PopulateOptions,
  sessionName: string | undefined,
): ReadonlyMap<ProfileName, NamedRole> {
  const names = new Map<ProfileName, NamedRole>();
  for (const role of roles) {
    const name = profileNameFor(role, `${prefix}${template}`, sessionName);
    const other = names.get(name);
    if (other !== undefined) {
      throw new AppError('usage', {
        problem: `"${name}" would be the profile of two roles: ${placeOf(other)} and ${placeOf(role)}`,
        hint: 'give a --template that tells them apart, such as {account_id}/{role_name}',
      });
    }
    names.set(name, role);
  }
  return names;
}

function placeOf({ accountId, roleName }: NamedRole): string {
  return `${roleName} in ${accountId}`;
}

async function confirmAddition(changes: readonly PairChange[], wiring: Wiring): Promise<void> {
  const names = changes.map(({ profile }) => profile).join(', ');
  const terminal = await wiring.openTerminal({ command: 'sso populate', instead: 'run the same with --yes' });
  if (!(await terminal.confirm(`Add ${names} to ${wiring.configPath}?`))) throw new AppError('declined', {});
}
