// What the person's files become in a purge: each profile as it was before `import`, `add` or `adopt`, as far as nobody has changed it since.

import { type EditRecord, hasKeys, hasWholePath, isUnedited, type LongTermKeys, takesKeys } from '../config/edit-record.ts';
import type { ProfileName } from '../config/names.ts';
import { type ConfigFiles, keptProfiles, knownProfiles } from '../config/profile-settings.ts';
import { changedLine, undoEdit } from '../config/undo-edit.ts';
import { type AdoptNote, withEarlier } from '../config/undo-note.ts';
import { joinPair, undoPairs } from '../config/undo-pair.ts';
import { isAppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import type { KeptNote } from '../ports/text-files.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { usableKeys } from './stored-keys.ts';

export function profilesHere(ports: Wiring): readonly ProfileName[] {
  const files = readFiles(ports);
  return files === undefined ? [] : keptProfiles(files);
}

/** Undefined for files that nobody can read: they name no profile, and are not touched. */
export function readFiles({ readConfig }: Wiring): ConfigFiles | undefined {
  try {
    return readConfig();
  } catch (error) {
    if (isAppError(error, 'config-malformed')) return undefined;
    throw error;
  }
}

export interface Undo {
  readonly undone: readonly Undone[];
  /** Every import whose keys are in the store, and what keeps it from being undone. */
  readonly imports: readonly Import[];
  /** Names of keys that are back in their file. */
  readonly keys: ReadonlySet<string>;
  /** Names of keys of which a note tells how they came into the store. */
  readonly noted: ReadonlySet<string>;
  readonly texts: ReadonlyMap<string, { readonly before: string | undefined; readonly after: string }>;
}

interface Undone {
  /** Its note is to be forgotten when the files are written. */
  readonly kept: KeptNote;
  readonly texts: readonly (readonly [path: string, after: string])[];
  /** What stays as the import made it, where only the keys can be put back. */
  readonly left?: Changed;
}

/** Where the import's own lines are not as it left them. */
interface Changed {
  readonly path: string;
  readonly line: number;
}

export interface Import {
  readonly profile: ProfileName;
  readonly otherPath: string | undefined;
  readonly keys: ProfileName;
  /** Undefined where it left the keys in their file, and whoever took them out since was not it. */
  readonly changed?: Changed;
}

/**
 * What was done is undone in whatever order it fits: each edit knows only the text that it left behind. Of other config files the imports:
 * the store has their keys as well.
 */
export async function planUndo(keyNames: readonly ProfileName[], store: Store, ports: Wiring): Promise<Undo> {
  const texts = new Map<string, { readonly before: string | undefined; readonly after: string }>();
  const done: Undone[] = [];
  const notes = await allNotes(keyNames, ports);
  const here = profilesHere(ports);
  const isHere = ({ profile, otherPath }: KeptNote) => otherPath === undefined && here.includes(profile);
  // Whose sections are gone, its keys are still to be put back.
  const all = notes.filter((kept) => kept.note.command === 'import' || isHere(kept));
  const isUndone = async (kept: KeptNote, way: Way) => {
    const undone = await way(kept, { store, texts }, ports);
    if (undone === undefined) return false;
    for (const [path, after] of undone.texts) texts.set(path, { before: ports.textFiles.read(path), after });
    done.push(undone);
    return true;
  };
  let waiting = all;
  for (const way of [undoneTexts, keysAlone]) {
    for (let before = 0; before !== waiting.length; ) {
      before = waiting.length;
      for (const kept of waiting) {
        if (await isUndone(kept, way)) waiting = waiting.filter((other) => other !== kept);
      }
    }
  }
  const imports: Import[] = [];
  for (const kept of all) imports.push(...(await importOf(kept, { store, texts }, ports)));
  const noted = new Set(notes.flatMap(({ note }) => (note.command === 'adopt' ? [] : [note.keys])));
  return { undone: done, imports, keys: await keysBack(done, { store, texts }), noted, texts };
}

/** Each by itself, the newest first. */
async function allNotes(keyNames: readonly ProfileName[], ports: Wiring): Promise<readonly KeptNote[]> {
  const files = readFiles(ports);
  const notes = await ports.openUndoNotes();
  const kept = notes.all([...keyNames, ...(files === undefined ? [] : knownProfiles(files))]);
  return kept.flatMap((one) => withEarlier(one.note).map((note) => ({ ...one, note })));
}

/** What the files will say counts, not what was meant. */
async function keysBack(done: readonly Undone[], { store, texts }: Undoing): Promise<ReadonlySet<string>> {
  const back = new Set<string>();
  for (const { kept } of done) {
    const { note } = kept;
    const holders = note.command === 'import' ? note.records.filter(takesKeys) : [];
    if (note.command !== 'import' || holders.length === 0) continue;
    const keys = await usableKeys(note.keys, store);
    const areThere = keys !== undefined && holders.every(({ path }) => hasKeys(texts.get(path)?.after ?? '', keys));
    if (areThere) back.add(note.keys);
  }
  return back;
}

async function importOf(kept: KeptNote, undoing: Undoing, ports: Wiring): Promise<readonly Import[]> {
  const { profile, otherPath, note } = kept;
  if (note.command !== 'import' || (await usableKeys(note.keys, undoing.store)) === undefined) return [];
  const changed = await changedPlace(kept, undoing, ports);
  return [{ profile, otherPath, keys: note.keys, ...(changed === undefined ? {} : { changed }) }];
}

type Way = (kept: KeptNote, undoing: Undoing, ports: Wiring) => Promise<Undone | undefined>;

interface Undoing {
  readonly store: Store;
  readonly texts: ReadonlyMap<string, { readonly after: string }>;
}

/** Undefined when what was done was changed since. */
async function undoneTexts(kept: KeptNote, { store, texts }: Undoing, ports: Wiring): Promise<Undone | undefined> {
  const { profile, note } = kept;
  if (note.command === 'adopt') {
    const released = releasedText(profile, note, (path) => textNow(path, texts, ports));
    return released && { kept, texts: [released] };
  }
  const keys = await usableKeys(note.keys, store);
  if (note.command === 'import' && keys === undefined) return undefined;
  const undone = note.records.map((record) => undoneText(record, { profile, keys, now: textNow(record.path, texts, ports) }));
  const whole = undone.flatMap((text) => (text === undefined ? [] : [text]));
  return whole.length === undone.length ? { kept, texts: whole } : undefined;
}

/** Of an import of which the rest was changed since: nobody can make the keys again, while the rest can be mended by hand. */
async function keysAlone(kept: KeptNote, undoing: Undoing, ports: Wiring): Promise<Undone | undefined> {
  const { profile, note } = kept;
  if (note.command !== 'import') return undefined;
  const keys = await usableKeys(note.keys, undoing.store);
  const holders = note.records.filter(takesKeys);
  if (keys === undefined || holders.length === 0) return undefined;
  const undone = holders.flatMap((record) => {
    const text = undoneText(record, { profile, keys, now: textNow(record.path, undoing.texts, ports) });
    return text === undefined ? [] : [text];
  });
  const left = await changedPlace(kept, undoing, ports);
  return undone.length === holders.length && left !== undefined ? { kept, texts: undone, left } : undefined;
}

function undoneText(
  record: EditRecord,
  {
    profile,
    keys,
    now,
  }: { readonly profile: ProfileName; readonly keys: LongTermKeys | undefined; readonly now: string | undefined },
): readonly [path: string, after: string] | undefined {
  if (now === undefined) return undefined;
  const text = isUnedited(now, record) ? now : undoEdit(now, record, { profile, ...(keys === undefined ? {} : { keys }) });
  return text === undefined ? undefined : [record.path, text];
}

/** The first place that keeps an import from being undone; undefined for what is none. */
async function changedPlace({ profile, note }: KeptNote, { store, texts }: Undoing, ports: Wiring): Promise<Changed | undefined> {
  if (note.command !== 'import') return undefined;
  const keys = await usableKeys(note.keys, store);
  const record = note.records.find(({ path, ...rest }) => {
    return undoneText({ path, ...rest }, { profile, keys, now: textNow(path, texts, ports) }) === undefined;
  });
  return record && { path: record.path, line: changedLine(textNow(record.path, texts, ports) ?? '', record) };
}

/** Undefined where nothing tells which file it was: one of that name in this directory is not it. */
function textNow(path: string, texts: Undoing['texts'], { textFiles }: Wiring): string | undefined {
  if (!hasWholePath({ path })) return undefined;
  return texts.get(path)?.after ?? textFiles.read(path) ?? '';
}

/** Undefined for what is no pair any more. */
function releasedText(
  profile: ProfileName,
  note: AdoptNote,
  nowOf: (path: string) => string | undefined,
): readonly [path: string, after: string] | undefined {
  const [record] = note.records;
  const now = record && nowOf(record.path);
  if (record === undefined || now === undefined) return undefined;
  try {
    const { path } = record;
    const { text, undone } = undoPairs(now, path, [{ profile, record }]);
    return [path, undone.length > 0 ? text : joinPair(text, path, profile)];
  } catch (error) {
    if (isAppError(error, 'edit-refused')) return undefined;
    throw error;
  }
}

export function undoneLines({ kept: { profile, note, otherPath }, left }: Undone): readonly string[] {
  const { command } = note;
  const place = otherPath === undefined ? '' : ` (${otherPath})`;
  if (left !== undefined)
    return [
      `  put back the keys of "${profile}" in plaintext${place}; the rest of its import stays, since ${left.path}:${left.line} was changed:`,
      `           take "credential_process" out of [profile ${profile}], and [rolekeeper ${profile}], by hand`,
    ];
  if (command === 'adopt') return [`  put back "${profile}" as an ordinary profile`];
  return [
    command === 'import'
      ? `  put back the files as they were before \`import ${shellWord(profile)}\`, its keys in plaintext${place}`
      : `  put back the files as they were before \`add ${shellWord(profile)}\``,
  ];
}

/** The credentials file first: with the plaintext back, and the recipe still there, everything works. */
export function writeUndone({ undone, texts }: Undo, { textFiles, credentialsPath }: Wiring): void {
  const paths = [...texts.keys()].sort((a, b) => Number(b === credentialsPath) - Number(a === credentialsPath));
  for (const path of paths) {
    const { before, after } = texts.get(path) ?? { before: '', after: '' };
    if ((before ?? '') !== after) textFiles.replace(path, before, after);
  }
  for (const { kept } of undone) kept.forget();
}
