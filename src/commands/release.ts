// `rolekeeper release PROFILE…`: adopted profiles become ordinary ones again, imported ones get their keys back into their file.
// The config file goes first, in one write; the note of a way back is forgotten when that has been gone.

import type { Refused } from '../config/adoption.ts';
import { findSection } from '../config/aws-config.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import { type ConfigFiles, keptProfiles, knownProfiles } from '../config/profile-settings.ts';
import type { UndoNote } from '../config/undo-note.ts';
import { joinPair, undoPairs } from '../config/undo-pair.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { AppError } from '../errors.ts';
import type { UndoNotes } from '../ports/text-files.ts';
import type { Wiring } from '../wiring.ts';
import { refusedLines, refuseNone } from './adopt.ts';
import { alone, readTexts, writeTexts } from './config-texts.ts';
import { writeStderr } from './report.ts';
import { writeStdout } from './stdout.ts';
import { undoCommand } from './undo-files.ts';
import { undoImport } from './undo-import.ts';

export interface ReleaseOptions {
  readonly profiles: readonly string[];
  readonly isAll: boolean;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

/** With `isAll` what cannot be released is listed; else throws for the first that cannot, and changes nothing. */
export async function release(options: ReleaseOptions, wiring: Wiring): Promise<void> {
  refuseNone('release', options);
  const undoNotes = await wiring.openUndoNotes();
  const plan = () => planNow(options, undoNotes.read, wiring);
  const planned = plan();
  writeStderr([
    ...refusedLines(planned.refused),
    ...(planned.ordinary.length === 0 ? [] : [`not on rolekeeper: ${planned.ordinary.join(', ')}`]),
  ]);
  if (options.isDryRun) writeStdout(unifiedDiff(wiring.configPath, planned.before, planned.after));
  else if (planned.released.length > 0) await releasePairs(planned.released, { options, plan, forget: undoNotes.forget }, wiring);
  if (!options.isDryRun) forgetStale(planned.ordinary, undoNotes);
  await releaseImports(planned.imported, options, wiring);
  const isNothing = planned.released.length === 0 && planned.imported.length === 0;
  if (options.isDryRun) writeStderr(['nothing was changed']);
  else if (isNothing) writeStderr(['there is nothing to release']);
}

interface Plan {
  /** The config file. */
  readonly before: string;
  readonly after: string;
  readonly released: readonly Released[];
  readonly imported: readonly ProfileName[];
  readonly ordinary: readonly ProfileName[];
  readonly refused: readonly Refused[];
}

interface Released {
  readonly profile: ProfileName;
  /** Every byte of it is as it was before the adoption; else it was put together from what the pair says. */
  readonly isExact: boolean;
}

function planNow(
  { profiles, isAll }: ReleaseOptions,
  readNote: (profile: ProfileName) => UndoNote | undefined,
  wiring: Wiring,
): Plan {
  const before = readTexts(wiring).config;
  const files = wiring.readConfig();
  const wanted = isAll ? keptProfiles(files) : [...new Set(profiles.map((name) => knownProfile(name, files)))];
  const kept = new Set(keptProfiles(files));
  const ordinary = wanted.filter((profile) => !kept.has(profile));
  const imported = wanted.filter((profile) => kept.has(profile) && readNote(profile)?.command === 'import');
  const pairs = wanted.filter((name) => kept.has(name) && !imported.includes(name));
  const records = pairs.flatMap((profile) => {
    const note = readNote(profile);
    return note?.command === 'adopt' ? note.records.map((record) => ({ profile, record })) : [];
  });
  const { text, undone } = undoPairs(before, wiring.configPath, records);
  const released: Released[] = undone.map((profile) => ({ profile, isExact: true }));
  const refused: Refused[] = [];
  let after = text;
  for (const profile of pairs.filter((name) => !undone.includes(name))) {
    try {
      after = joinOne(after, profile, { note: readNote(profile), files });
      released.push({ profile, isExact: false });
    } catch (error) {
      if (!(error instanceof AppError) || !isAll) throw error;
      refused.push({ profile, error });
    }
  }
  return { before, after, released, imported, ordinary, refused };
}

function knownProfile(name: string, files: ConfigFiles): ProfileName {
  const profile = parseProfileName(name);
  if (knownProfiles(files).includes(profile)) return profile;
  throw new AppError('profile-unknown', { profile, path: files.config.path });
}

function joinOne(
  text: string,
  profile: ProfileName,
  { note, files }: { readonly note: UndoNote | undefined; readonly files: ConfigFiles },
): string {
  const { path } = files.config;
  if (note?.command === 'add') {
    throw new AppError('usage', {
      problem: `the keys of "${profile}" were typed in, and are in the store only`,
      hint: `\`${undoCommand(note.command, profile)}\` removes them as well`,
    });
  }
  const isAlias = findSection(files.config, 'rolekeeper', profile) === undefined;
  if (isAlias) {
    throw new AppError('edit-refused', {
      path,
      line: findSection(files.config, 'profile', profile)?.line ?? 1,
      problem: `"${profile}" has no recipe of its own, and is not as \`adopt\` wrote it`,
      hint: 'delete those lines by hand, if nobody needs the profile',
    });
  }
  return joinPair(text, path, profile);
}

async function releasePairs(
  released: readonly Released[],
  {
    options,
    plan,
    forget,
  }: {
    readonly options: ReleaseOptions;
    readonly plan: () => Plan;
    readonly forget: (profile: ProfileName) => void;
  },
  wiring: Wiring,
): Promise<void> {
  if (!options.isYes) await confirmRelease(released, options, wiring);
  const done = await alone(wiring, () => {
    const planned = plan();
    const texts = readTexts(wiring);
    writeTexts({ ...texts, config: planned.before }, { ...texts, config: planned.after }, wiring);
    for (const { profile } of planned.released) forget(profile);
    return planned.released;
  });
  const exact = done.filter(({ isExact }) => isExact).map(({ profile }) => profile);
  const rebuilt = done.filter(({ isExact }) => !isExact).map(({ profile }) => profile);
  writeStderr([
    ...(exact.length === 0 ? [] : [`as before their adoption: ${exact.join(', ')}`]),
    ...(rebuilt.length === 0
      ? []
      : [`put together from their two sections, since nothing tells how they were before: ${rebuilt.join(', ')}`]),
  ]);
}

async function confirmRelease(released: readonly Released[], options: ReleaseOptions, wiring: Wiring): Promise<void> {
  const words = options.isAll ? '--all' : options.profiles.join(' ');
  const terminal = await wiring.openTerminal({ command: 'release', instead: `run \`rolekeeper release ${words} --yes\`` });
  const names = released.map(({ profile }) => profile).join(', ');
  if (!(await terminal.confirm(`Take ${names} off rolekeeper, in ${wiring.configPath}?`))) throw new AppError('interrupted', {});
}

/** An adoption that was noted and never done, or done away with by hand. The notes of others may still lead to keys. */
function forgetStale(profiles: readonly ProfileName[], undoNotes: UndoNotes): void {
  for (const profile of profiles) {
    if (undoNotes.read(profile)?.command === 'adopt') undoNotes.forget(profile);
  }
}

/** Each asks before it writes keys into a file, unless `isYes`. */
async function releaseImports(profiles: readonly ProfileName[], options: ReleaseOptions, wiring: Wiring): Promise<void> {
  const { isDryRun, isYes, isAll } = options;
  const refused: Refused[] = [];
  for (const profile of profiles) {
    try {
      await undoImport({ profile, isDryRun, isYes }, wiring);
    } catch (error) {
      if (!(error instanceof AppError) || !isAll || ['interrupted', 'no-terminal'].includes(error.code)) throw error;
      refused.push({ profile, error });
    }
  }
  writeStderr(refusedLines(refused));
}
