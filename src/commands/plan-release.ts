// What `release` will do to the files, worked out in memory: newest first, whatever the order of the names, since what is noted of an
// import fits only the file that it left.

import type { Refused } from '../config/adoption.ts';
import { findSection } from '../config/aws-config.ts';
import type { LongTermKeys } from '../config/edit-record.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import { type ConfigFiles, keptProfiles, knownProfiles } from '../config/profile-settings.ts';
import type { UndoNote } from '../config/undo-note.ts';
import { joinPair, undoPairs } from '../config/undo-pair.ts';
import { AppError } from '../errors.ts';
import type { UndoNotes } from '../ports/text-files.ts';
import type { Wiring } from '../wiring.ts';
import { type Restored, refuseKeyless, restoredFiles, restoredText, undoCommand } from './undo-files.ts';
import { type Imported, importOf, newestFirst } from './undo-order.ts';

export interface ReleaseWish {
  readonly profiles: readonly string[];
  readonly isAll: boolean;
}

export interface ReleasePlan {
  /** The config file first. */
  readonly files: readonly Restored[];
  readonly released: readonly Released[];
  readonly imported: readonly Imported[];
  readonly ordinary: readonly ProfileName[];
  readonly refused: readonly Refused[];
}

export interface Released {
  readonly profile: ProfileName;
  /** Every byte of it is as it was before the adoption; else it was put together from what the pair says. */
  readonly isExact: boolean;
  /** There was no such profile before: `adopt --alias` added it. */
  readonly isTwin: boolean;
}

/** The imports among them, whose keys `planRelease` needs. */
export function importsAmong(wish: ReleaseWish, undoNotes: UndoNotes, wiring: Wiring): readonly Imported[] {
  const files = wiring.readConfig();
  return wantedProfiles(wish, files).flatMap((profile) => importOf(profile, undoNotes) ?? []);
}

/** With `isAll` what cannot be released is listed; else throws for the first that cannot. `keys` are by the name of the import's profile. */
export function planRelease(
  wish: ReleaseWish,
  { undoNotes, keys }: { readonly undoNotes: UndoNotes; readonly keys: ReadonlyMap<ProfileName, LongTermKeys> },
  wiring: Wiring,
): ReleasePlan {
  const files = wiring.readConfig();
  const kept = new Set(keptProfiles(files));
  const wanted = wantedProfiles(wish, files);
  const texts: Texts = { now: new Map(), read: (path) => wiring.textFiles.read(path) ?? '' };
  const released: Released[] = [];
  const imported: Imported[] = [];
  const refused: Refused[] = [];
  const orRefuse = (profile: ProfileName, work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof AppError) || !wish.isAll) throw error;
      refused.push({ profile, error });
    }
  };
  const { path } = files.config;
  textNow(texts, path);
  for (const group of newestFirst(
    wanted.filter((name) => kept.has(name)),
    undoNotes,
  )) {
    if (group.kind === 'import') {
      const { profile, note } = group;
      orRefuse(profile, () => {
        undoImported(group, keys.get(profile), texts);
        imported.push({ profile, note });
      });
      continue;
    }
    const { undone, text } = undoPairs(textNow(texts, path), path, recordsOf(group.profiles, undoNotes));
    texts.now.set(path, text);
    released.push(...undone.map((profile) => ({ profile, isExact: true, isTwin: !hasRecipe(profile, files) })));
    for (const profile of group.profiles.filter((name) => !undone.includes(name))) {
      orRefuse(profile, () => {
        texts.now.set(path, joinOne(textNow(texts, path), profile, { note: undoNotes.read(profile), files }));
        released.push({ profile, isExact: false, isTwin: false });
      });
    }
  }
  return {
    files: [...texts.now].map(([file, before]) => ({ path: file, after: texts.read(file), before })),
    released: wanted.flatMap((profile) => released.filter((one) => one.profile === profile)),
    ...{ imported, refused },
    ordinary: wanted.filter((profile) => !kept.has(profile)),
  };
}

interface Texts {
  readonly now: Map<string, string>;
  readonly read: (path: string) => string;
}

function textNow({ now, read }: Texts, path: string): string {
  const text = now.get(path) ?? read(path);
  now.set(path, text);
  return text;
}

function wantedProfiles({ profiles, isAll }: ReleaseWish, files: ConfigFiles): readonly ProfileName[] {
  return isAll ? keptProfiles(files) : [...new Set(profiles.map((name) => knownProfile(name, files)))];
}

function knownProfile(name: string, files: ConfigFiles): ProfileName {
  const profile = parseProfileName(name);
  if (knownProfiles(files).includes(profile)) return profile;
  throw new AppError('profile-unknown', { profile, path: files.config.path });
}

function recordsOf(profiles: readonly ProfileName[], undoNotes: UndoNotes): Parameters<typeof undoPairs>[2] {
  return profiles.flatMap((profile) => {
    const note = undoNotes.read(profile);
    return note?.command === 'adopt' ? note.records.map((record) => ({ profile, record })) : [];
  });
}

/** Throws `keys-missing`, `edit-refused`. */
function undoImported({ profile, note }: Imported, keys: LongTermKeys | undefined, texts: Texts): void {
  if (keys === undefined) throw new AppError('keys-missing', { keys: note.keys, profile });
  const textFiles = { read: (path: string) => textNow(texts, path) };
  const files = restoredFiles(note, { keys, profile }, { textFiles });
  refuseKeyless(note, keys, (path) => restoredText(files, path));
  for (const { path, before } of files) texts.now.set(path, before);
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
  if (!hasRecipe(profile, files)) {
    throw new AppError('edit-refused', {
      path,
      line: findSection(files.config, 'profile', profile)?.line ?? 1,
      problem: `"${profile}" has no recipe of its own, and is not as \`adopt\` wrote it`,
      hint: 'delete those lines by hand, if nobody needs the profile',
    });
  }
  return joinPair(text, path, profile);
}

/** Of its own: an alias has none. */
function hasRecipe(profile: ProfileName, { config }: ConfigFiles): boolean {
  return findSection(config, 'rolekeeper', profile) !== undefined;
}
