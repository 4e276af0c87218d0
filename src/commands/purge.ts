// `rolekeeper uninstall --purge`: the store's items, the state, and profiles put back as they were before their import.
// Long-term keys are what nobody can make again: they go only when asked for by name, and after they are back in their file.

import { type EditRecord, isUnedited, type LongTermKeys, takesKeys } from '../config/edit-record.ts';
import { keyFileOf } from '../config/entry-hop.ts';
import {
  type Account,
  accountOfRecord,
  indexAccount,
  isProfileName,
  isSignInAccount,
  keysAccount,
  type ProfileName,
  passphraseAccount,
  totpNameOf,
} from '../config/names.ts';
import { type ConfigFiles, keptProfiles, knownProfiles } from '../config/profile-settings.ts';
import { certificateOf, type Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { changedLine, undoEdit } from '../config/undo-edit.ts';
import type { AdoptNote, UndoNote } from '../config/undo-note.ts';
import { joinPair, undoPairs } from '../config/undo-pair.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import { listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { alone } from './config-texts.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { endSignIns } from './end-sign-ins.ts';
import { forgetItems, type Item, temporaryItem } from './forget-items.ts';
import type { InstallPorts } from './install.ts';
import { keysNameOf, plaintextOf, usableKeys } from './stored-keys.ts';
import { byAge } from './undo-order.ts';
import { withoutRotation } from './without-rotation.ts';

export interface PurgePlan {
  /** What it will do. */
  readonly lines: readonly string[];
  /** Of the AWS files, secrets masked. */
  readonly diff: string;
  readonly run: () => Promise<void>;
  /** To be called in any case: it holds the store open. */
  readonly close: () => Promise<void>;
}

export type PurgePorts = Wiring & Pick<InstallPorts, 'removeState' | 'say'>;

const storeDeadlineMs = 60_000;

export interface PurgeWords {
  readonly deletesKeys: boolean;
  /** Those too whose import cannot be undone. */
  readonly losesKeys: boolean;
}

/**
 * Throws `usage` when the store has long-term keys and they were not asked for, `edit-refused` for those whose import cannot be undone,
 * and what the store throws. Changes nothing yet. The store stays open until the plan is closed: each opening may ask for its passphrase.
 */
export async function planPurge(words: PurgeWords, ports: PurgePorts): Promise<PurgePlan> {
  const store = unopenedIfEmpty(await ports.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }));
  try {
    return await planWith(store, words, ports);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function planWith(store: Store, { deletesKeys, losesKeys }: PurgeWords, ports: PurgePorts): Promise<PurgePlan> {
  const { accounts, keys } = await inspect(store, ports);
  if (keys.length > 0 && !deletesKeys) throw keysAreThere(keys, store.description, ports);
  const ids = await idsOf(keys, store);
  const inFiles = await keysInFiles(keys, store, ports);
  const undo = await planUndo(keys, store, ports);
  const stuck = undo.imports.find((one) => keys.includes(one.keys) && !undo.keys.has(one.keys) && !inFiles.has(one.keys));
  if (stuck !== undefined && !losesKeys) throw cannotBeUndone(stuck);
  const lost = keys.filter((name) => !undo.keys.has(name) && !inFiles.has(name));
  return {
    lines: [
      ...undo.undone.flatMap(undoneLines),
      ...lost.map((name) => `  delete   keys/${name} FOR GOOD: no file has them`),
      ...accounts.flatMap((account) => deviceLines(totpNameOf(account))),
      ...(accounts.some(isSignInAccount) ? ['  end      the sign-ins to IAM Identity Center, at AWS as well'] : []),
      `  delete   ${count(accounts.length, 'item')} from ${store.description}`,
      `  remove   ${ports.stateDirectory}`,
      ...orphans(undo, ports),
    ],
    diff: [...undo.texts].map(([path, { before, after }]) => unifiedDiff(path, before ?? '', after)).join(''),
    run: async () => {
      await withoutRotation(keys, ports, async () => {
        if ((await idsOf(keys, store)).join() !== ids.join()) throw changedMeanwhile(keys);
        const temporary = accounts.flatMap((account) => temporaryItem(account) ?? []);
        // While the files still say how AWS is reached.
        await endSignIns(temporary, store, ports);
        await alone(ports, () => writeUndone(undo, ports));
        await deleteAll(store, { accounts, temporary }, ports);
      });
      const left = ports.removeState();
      ports.say(left.map((path) => `left, since it is not ours or holds keys: ${path}`));
    },
    close: () => store.close(),
  };
}

interface Inspected {
  readonly accounts: readonly Account[];
  /** Names of long-term keys that are really there. */
  readonly keys: readonly ProfileName[];
}

async function inspect(store: Store, ports: PurgePorts): Promise<Inspected> {
  const known = ports.state.list().map(accountOfRecord);
  const accounts = [...new Set([...(await listItems(store)), ...known, ...accountsOfProfiles(ports)])];
  const there: Account[] = [];
  for (const account of accounts) {
    if ((await store.get(account)) !== undefined) there.push(account);
  }
  return { accounts: there, keys: there.flatMap(keysName) };
}

/** Which of these keys some profile has in plaintext as well: after `import --keep` and `import --undo`. */
async function keysInFiles(names: readonly ProfileName[], store: Store, ports: PurgePorts): Promise<ReadonlySet<string>> {
  const files = readFiles(ports);
  const found = new Set<string>();
  for (const name of names) {
    const id = (await usableKeys(name, store))?.accessKeyId;
    if (id !== undefined && files !== undefined && plaintextOf(id, files) !== undefined) found.add(name);
  }
  return found;
}

/** What persons put in for the profiles that are on rolekeeper: the list of items may have been lost. */
function accountsOfProfiles(ports: PurgePorts): readonly Account[] {
  return profilesHere(ports).flatMap((profile) => {
    const recipe = recipeOf(profile, ports);
    const certificate = recipe === undefined ? undefined : certificateOf(recipe);
    return [
      ...(recipe?.keys === undefined ? [] : [keysAccount(recipe.keys.name)]),
      ...(certificate === undefined ? [] : [passphraseAccount(keyFileOf(certificate.files))]),
    ];
  });
}

function keysName(account: Account): readonly ProfileName[] {
  const name = account.startsWith('keys/') ? account.slice('keys/'.length) : '';
  return isProfileName(name) ? [name] : [];
}

function profilesHere(ports: PurgePorts): readonly ProfileName[] {
  const files = readFiles(ports);
  return files === undefined ? [] : keptProfiles(files);
}

/** Undefined for files that nobody can read: they name no profile, and are not touched. */
function readFiles({ readConfig }: PurgePorts): ConfigFiles | undefined {
  try {
    return readConfig();
  } catch (error) {
    if (isAppError(error, 'config-malformed')) return undefined;
    throw error;
  }
}

function recipeOf(profile: ProfileName, { readConfig, env }: PurgePorts): Recipe | undefined {
  try {
    return resolveRecipe(profile, readConfig(), env);
  } catch (error) {
    if (isAppError(error)) return undefined; // a profile that cannot work has no items
    throw error;
  }
}

interface Undo {
  readonly undone: readonly Undone[];
  /** Every import whose keys are in the store, and what keeps it from being undone. */
  readonly imports: readonly Import[];
  /** Names of keys that are back in their file. */
  readonly keys: ReadonlySet<string>;
  readonly texts: ReadonlyMap<string, { readonly before: string | undefined; readonly after: string }>;
}

interface Undone {
  readonly profile: ProfileName;
  readonly note: UndoNote;
  readonly texts: readonly (readonly [path: string, after: string])[];
  /** What stays as the import made it, where only the keys can be put back. */
  readonly left?: Changed;
}

/** Where the import's own lines are not as it left them. */
interface Changed {
  readonly path: string;
  readonly line: number;
}

interface Import {
  readonly profile: ProfileName;
  readonly keys: ProfileName;
  /** Undefined where it left the keys in their file, and whoever took them out since was not it. */
  readonly changed?: Changed;
}

/** What was done is undone in whatever order it fits: each edit knows only the text that it left behind. */
async function planUndo(keyNames: readonly ProfileName[], store: Store, ports: PurgePorts): Promise<Undo> {
  const notes = await ports.openUndoNotes();
  const texts = new Map<string, { readonly before: string | undefined; readonly after: string }>();
  const done: Undone[] = [];
  // Whose sections are gone, its keys are still to be put back.
  const files = readFiles(ports);
  const others = [...keyNames, ...(files === undefined ? [] : knownProfiles(files))];
  const bare = others.filter((name) => notes.read(name)?.command === 'import');
  const all: readonly ProfileName[] = [...new Set([...profilesHere(ports), ...bare])];
  let waiting = byAge(all, notes);
  const undoing = (profile: ProfileName) => ({ store, texts, note: notes.read(profile) });
  const isUndone = async (profile: ProfileName, way: Way) => {
    const undone = await way(profile, undoing(profile), ports);
    if (undone === undefined) return false;
    for (const [path, after] of undone.texts) texts.set(path, { before: ports.textFiles.read(path), after });
    done.push(undone);
    return true;
  };
  for (const way of [undoneTexts, keysAlone]) {
    for (let before = 0; before !== waiting.length; ) {
      before = waiting.length;
      for (const profile of waiting) {
        if (await isUndone(profile, way)) waiting = waiting.filter((other) => other !== profile);
      }
    }
  }
  const imports: Import[] = [];
  for (const profile of all) imports.push(...(await importOf(profile, undoing(profile), ports)));
  const back = done.flatMap(({ note }) => (note.command === 'import' && note.records.some(takesKeys) ? [note.keys] : []));
  return { undone: done, imports, keys: new Set(back), texts };
}

async function importOf(profile: ProfileName, undoing: Undoing, ports: PurgePorts): Promise<readonly Import[]> {
  const { note, store } = undoing;
  if (note?.command !== 'import' || (await usableKeys(note.keys, store)) === undefined) return [];
  const changed = await changedPlace(profile, undoing, ports);
  return [{ profile, keys: note.keys, ...(changed === undefined ? {} : { changed }) }];
}

type Way = (profile: ProfileName, undoing: Undoing, ports: PurgePorts) => Promise<Undone | undefined>;

interface Undoing {
  readonly store: Store;
  readonly texts: ReadonlyMap<string, { readonly after: string }>;
  readonly note: UndoNote | undefined;
}

/** Undefined when there is nothing to undo, or what was done was changed since. */
async function undoneTexts(
  profile: ProfileName,
  { store, texts, note }: Undoing,
  ports: PurgePorts,
): Promise<Undone | undefined> {
  if (note === undefined) return undefined;
  if (note.command === 'adopt') return releasedText(profile, note, (path) => textNow(path, texts, ports));
  const keys = await usableKeys(note.keys, store);
  if (note.command === 'import' && keys === undefined) return undefined;
  const undone = note.records.map((record) => undoneText(record, { profile, keys, now: textNow(record.path, texts, ports) }));
  const whole = undone.flatMap((text) => (text === undefined ? [] : [text]));
  return whole.length === undone.length ? { profile, note, texts: whole } : undefined;
}

/** Of an import of which the rest was changed since: nobody can make the keys again, while the rest can be mended by hand. */
async function keysAlone(profile: ProfileName, { store, texts, note }: Undoing, ports: PurgePorts): Promise<Undone | undefined> {
  if (note?.command !== 'import') return undefined;
  const keys = await usableKeys(note.keys, store);
  const holders = note.records.filter(takesKeys);
  if (keys === undefined || holders.length === 0) return undefined;
  const undone = holders.flatMap((record) => {
    const text = undoneText(record, { profile, keys, now: textNow(record.path, texts, ports) });
    return text === undefined ? [] : [text];
  });
  const left = await changedPlace(profile, { store, texts, note }, ports);
  return undone.length === holders.length && left !== undefined ? { profile, note, texts: undone, left } : undefined;
}

function undoneText(
  record: EditRecord,
  { profile, keys, now }: { readonly profile: ProfileName; readonly keys: LongTermKeys | undefined; readonly now: string },
): readonly [path: string, after: string] | undefined {
  const text = isUnedited(now, record) ? now : undoEdit(now, record, { profile, ...(keys === undefined ? {} : { keys }) });
  return text === undefined ? undefined : [record.path, text];
}

/** The first place that keeps an import from being undone; undefined for what is none. */
async function changedPlace(
  profile: ProfileName,
  { store, texts, note }: Undoing,
  ports: PurgePorts,
): Promise<Changed | undefined> {
  if (note?.command !== 'import') return undefined;
  const keys = await usableKeys(note.keys, store);
  const record = note.records.find(({ path, ...rest }) => {
    return undoneText({ path, ...rest }, { profile, keys, now: textNow(path, texts, ports) }) === undefined;
  });
  return record && { path: record.path, line: changedLine(textNow(record.path, texts, ports), record) };
}

function textNow(path: string, texts: Undoing['texts'], { textFiles }: PurgePorts): string {
  return texts.get(path)?.after ?? textFiles.read(path) ?? '';
}

/** Undefined for what is no pair any more. */
function releasedText(profile: ProfileName, note: AdoptNote, nowOf: (path: string) => string): Undone | undefined {
  const [record] = note.records;
  if (record === undefined) return undefined;
  try {
    const { path } = record;
    const { text, undone } = undoPairs(nowOf(path), path, [{ profile, record }]);
    return { profile, note, texts: [[path, undone.length > 0 ? text : joinPair(text, path, profile)]] };
  } catch (error) {
    if (isAppError(error, 'edit-refused')) return undefined;
    throw error;
  }
}

/** The app still has it, or nobody: that is for the person to know. */
function deviceLines(name: string | undefined): readonly string[] {
  return name === undefined
    ? []
    : [`  delete   totp/${name}, the secret of an MFA device: without your app, no login is possible any more`];
}

function undoneLines({ profile, note: { command }, left }: Undone): readonly string[] {
  if (left !== undefined)
    return [
      `  put back the keys of "${profile}" in plaintext; the rest of its import stays, since ${left.path}:${left.line} was changed:`,
      `           take "credential_process" out of [profile ${profile}], and [rolekeeper ${profile}], by hand`,
    ];
  if (command === 'adopt') return [`  put back "${profile}" as an ordinary profile`];
  return [
    command === 'import'
      ? `  put back the files as they were before \`import ${profile}\`, its keys in plaintext`
      : `  put back the files as they were before \`add ${profile}\``,
  ];
}

/** The credentials file first: with the plaintext back, and the recipe still there, everything works. */
function writeUndone({ texts }: Undo, { textFiles, credentialsPath }: PurgePorts): void {
  const paths = [...texts.keys()].sort((a, b) => Number(b === credentialsPath) - Number(a === credentialsPath));
  for (const path of paths) {
    const { before, after } = texts.get(path) ?? { before: '', after: '' };
    if ((before ?? '') !== after) textFiles.replace(path, before, after);
  }
}

interface Doomed {
  readonly accounts: readonly Account[];
  /** Those that a refresh under way might store again. */
  readonly temporary: readonly Item[];
}

async function deleteAll(store: Store, { accounts, temporary }: Doomed, ports: PurgePorts): Promise<void> {
  const { clock, state, openLock, say } = ports;
  await forgetItems(temporary, { clock, state, store, lock: await openLock(), say: (line) => say([line]) });
  for (const account of [...accounts, indexAccount()]) await store.delete(account);
}

/** Which keys these are: after a rotation they have the same name. */
async function idsOf(names: readonly ProfileName[], store: Store): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of names) ids.push((await usableKeys(name, store))?.accessKeyId ?? '');
  return ids;
}

function changedMeanwhile(keys: readonly ProfileName[]): AppError<'keys-at-risk'> {
  return new AppError('keys-at-risk', {
    keys: keys.join(', '),
    problem: 'they are others than a moment ago',
    hint: 'run the command again',
  });
}

function keysAreThere(keys: readonly ProfileName[], description: string, ports: PurgePorts): AppError<'usage'> {
  const imported = profilesHere(ports).filter((profile) =>
    keys.some((name) => name === keysNameOf(profile, ports.readConfig(), ports.env)),
  );
  const [first = keys[0] ?? ''] = imported;
  return new AppError('usage', {
    problem: `${description} holds long-term keys (${keys.join(', ')}); nothing was removed`,
    hint: `\`rolekeeper import ${first} --undo\` puts imported keys back into their file; --delete-keys does that where it can, then deletes them here`,
  });
}

function cannotBeUndone({ profile, keys, changed }: Import): AppError<'keys-at-risk'> {
  const why = changed === undefined ? 'its file has not got them any more' : `${changed.path}:${changed.line} was changed`;
  return new AppError('keys-at-risk', {
    keys,
    problem: `the import cannot be undone (${why})`,
    hint: `mend that place, then \`rolekeeper import ${profile} --undo\`; --lose-keys deletes them all the same`,
  });
}

/** Profiles that will run a program without its keys. */
function orphans({ undone }: Undo, ports: PurgePorts): readonly string[] {
  const isBack = (name: ProfileName) => undone.some(({ profile, left }) => profile === name && left === undefined);
  const left = profilesHere(ports).filter((name) => !isBack(name));
  return left.length === 0 ? [] : [`note: still set up for rolekeeper in ${ports.configPath}: ${left.join(', ')}`];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
