// `rolekeeper release PROFILE…`: adopted profiles become ordinary ones again, imported ones get their keys back into their file.
// All of it is worked out before the first write; the note of a way back is forgotten when that has been gone.

import type { LongTermKeys } from '../config/edit-record.ts';
import type { ProfileName } from '../config/names.ts';
import { AppError } from '../errors.ts';
import { loadStoredKeys } from '../hops/keys.ts';
import type { UndoNotes } from '../ports/text-files.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { refusedLines, refuseNone } from './adopt.ts';
import { alone } from './config-texts.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { importsAmong, planRelease, type ReleasePlan, type ReleaseWish } from './plan-release.ts';
import { writeStderr } from './report.ts';
import { refuseKeyless, showRestored, writeRestored } from './undo-files.ts';
import { importTakenBack, plaintextQuestion } from './undo-import.ts';
import { withoutRotation } from './without-rotation.ts';

export interface ReleaseOptions extends ReleaseWish {
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

const storeDeadlineMs = 60_000;

type KeysByProfile = ReadonlyMap<ProfileName, LongTermKeys>;

/** With `isAll` what cannot be released is listed; else throws for the first that cannot, and changes nothing. */
export async function release(options: ReleaseOptions, wiring: Wiring): Promise<void> {
  refuseNone('release', options);
  const undoNotes = await wiring.openUndoNotes();
  const plan = (keys: KeysByProfile) => planRelease(options, { undoNotes, keys }, wiring);
  const planned = plan(await keysToPutBack(options, undoNotes, wiring));
  writeStderr([
    ...refusedLines(planned.refused),
    ...(planned.ordinary.length === 0 ? [] : [`not on rolekeeper: ${planned.ordinary.join(', ')}`]),
  ]);
  if (options.isDryRun) {
    showRestored(planned.files);
    writeStderr(['nothing was changed']);
    return;
  }
  forgetStale(planned.ordinary, undoNotes);
  if (planned.released.length === 0 && planned.imported.length === 0) {
    writeStderr(['there is nothing to release']);
    return;
  }
  if (!options.isYes) await confirmRelease(planned, options, wiring);
  const carryOut = (keys: KeysByProfile) =>
    alone(wiring, () => {
      const current = plan(keys);
      writeRestored(current.files, wiring);
      for (const { profile, note } of current.imported) refuseKeyless(note, keys.get(profile), wiring.textFiles.read);
      for (const { profile } of [...current.released, ...current.imported]) undoNotes.forget(profile);
      return current;
    });
  const names = planned.imported.map(({ note }) => note.keys);
  const done = await (names.length === 0
    ? carryOut(new Map())
    : withoutRotation(names, wiring, async () => carryOut(await keysToPutBack(options, undoNotes, wiring))));
  writeStderr(farewell(done));
}

/** Those of the imports, by the profile; where they are not in the store, that import cannot be taken back. */
async function keysToPutBack(wish: ReleaseWish, undoNotes: UndoNotes, wiring: Wiring): Promise<KeysByProfile> {
  const found = new Map<ProfileName, LongTermKeys>();
  const imports = importsAmong(wish, undoNotes, wiring);
  if (imports.length === 0) return found;
  const store = unopenedIfEmpty(await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }));
  try {
    for (const { profile, note } of imports) {
      const keys = await loadStoredKeys(note.keys, store);
      if (keys !== undefined) found.set(profile, keys);
    }
    return found;
  } finally {
    await store.close();
  }
}

async function confirmRelease(
  { released, imported, files }: ReleasePlan,
  options: ReleaseOptions,
  wiring: Wiring,
): Promise<void> {
  const words = options.isAll ? '--all' : options.profiles.map(shellWord).join(' ');
  const terminal = await wiring.openTerminal({ command: 'release', instead: `run \`rolekeeper release ${words} --yes\`` });
  const names = released.map(({ profile }) => profile).join(', ');
  const questions = [
    ...(released.length === 0 ? [] : [`Take ${names} off rolekeeper, in ${wiring.configPath}?`]),
    ...(imported.length === 0 ? [] : [plaintextQuestion(files.at(-1)?.path ?? 'the file')]),
  ];
  for (const question of questions) {
    if (!(await terminal.confirm(question))) throw new AppError('declined', {});
  }
}

/** An adoption that was noted and never done, or done away with by hand. The notes of others may still lead to keys. */
function forgetStale(profiles: readonly ProfileName[], undoNotes: UndoNotes): void {
  for (const profile of profiles) {
    if (undoNotes.read(profile)?.command === 'adopt') undoNotes.forget(profile);
  }
}

function farewell({ released, imported }: ReleasePlan): readonly string[] {
  const removed = released.filter(({ isTwin }) => isTwin).map(({ profile }) => profile);
  const exact = released.filter(({ isExact, isTwin }) => isExact && !isTwin).map(({ profile }) => profile);
  const rebuilt = released.filter(({ isExact }) => !isExact).map(({ profile }) => profile);
  return [
    ...(exact.length === 0 ? [] : [`as before their adoption: ${exact.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`removed: ${removed.join(', ')}`]),
    ...(rebuilt.length === 0
      ? []
      : [`put together from their two sections, since nothing tells how they were before: ${rebuilt.join(', ')}`]),
    ...imported.flatMap(({ note }) => importTakenBack(note)),
  ];
}
