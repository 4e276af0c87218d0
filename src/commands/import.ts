// `rolekeeper import PROFILE`: moves long-term keys from a file into the store and puts the profile on rolekeeper.
// The plaintext goes last: only when the store's copy was read back and AWS took it.

import { type EditRecord, recordEdit } from '../config/edit-record.ts';
import { importableKeys } from '../config/importable.ts';
import { originalTexts } from '../config/interrupted-edit.ts';
import { type ConfigTexts, editKeysPair, type ImportedKeys, importPair } from '../config/keys-pair.ts';
import { indexAccount, type ProfileName, parseProfileName } from '../config/names.ts';
import { type ConfigFiles, knownProfiles, profileSettings } from '../config/profile-settings.ts';
import { keysOf, needsCode, type Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import type { Keys } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import type { UndoNotes } from '../ports/text-files.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { alone, readTexts, refuseHardLinks, showEdit, writeTexts } from './config-texts.ts';
import { handOver } from './hand-over.ts';
import { writeStderr } from './report.ts';
import { identifyKeys, type NewKeys, type Route, storeKeys } from './take-keys.ts';
import { keepNote } from './undo-files.ts';

export interface ImportOptions {
  readonly profile: string;
  readonly keysName: string | undefined;
  /** Leaves the plaintext where it is. */
  readonly isKept: boolean;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

const storeDeadlineMs = 60_000;

export async function importKeys(options: ImportOptions, wiring: Wiring): Promise<void> {
  const profile = parseProfileName(options.profile);
  const name = parseProfileName(options.keysName ?? profile);
  const files = wiring.readConfig();
  const recipe = resolveRecipe(profile, files, wiring.env);
  const importing = { recipe, name, isKept: options.isKept, serial: undefined };
  const planned = planEdit(importing, await wiring.openUndoNotes(), wiring);
  const remarks = dependents(profile, files).flatMap((other) => [
    `"${other}" has source_profile = ${profile}: outside rolekeeper it now starts from a session instead of the keys.`,
    `  To keep its role fresh too: \`rolekeeper adopt ${shellWord(other)}\``,
  ]);
  if (options.isDryRun) {
    // First: a diff of what cannot be done would be no use.
    const place = await answeringStore(wiring);
    showEdit(planned.before, planned.after, wiring);
    writeStderr([...remarks, `nothing was changed. The keys would go into ${place} as keys/${name}.`]);
    return;
  }
  const userArn = await importInto(importing, { isYes: options.isYes, wiring });
  const serial = serialBeside(profile, files) ?? `${userArn.split(':').slice(0, 5).join(':')}:mfa/DEVICE`;
  writeStderr([...remarks, ...farewell(recipe, serial, options)]);
}

/** Which keys, and how they are to be taken. */
export interface Importing extends ImportedKeys {
  /** Of the profile. */
  readonly recipe: Recipe;
}

/** Asks AWS whose the keys are, and refuses to put them over another user's. Changes nothing. Throws `recipe-invalid` as well. */
export async function identifyImport(importing: Importing, store: Store, wiring: Wiring): Promise<Keys> {
  return await identifyKeys(newKeys(importing, wiring.configPath), routeOf(importing), await wiring.openRefresh(store));
}

/**
 * Without a question: into the store, read back, tried, then out of the file. Returns whose they are. `agree` is told that before anything is
 * changed, and may throw.
 */
export async function moveKeys(
  importing: Importing,
  {
    store,
    agree,
    wiring,
  }: { readonly store: Store; readonly agree: (userArn: string) => Promise<void>; readonly wiring: Wiring },
): Promise<string> {
  const { recipe, name } = importing;
  const undoNotes = await wiring.openUndoNotes();
  const identified = await identifyImport(importing, store, wiring);
  await agree(identified.userArn);
  await storeKeys(identified, name, { route: routeOf(importing), ports: await wiring.openRefresh(store) });
  await alone(wiring, () => {
    const { before, after, records } = planEdit(importing, undoNotes, wiring);
    if (before.config === after.config && before.credentials === after.credentials) return; // the older way back stays
    // Before the files are touched: whatever happens next, there is a way back.
    keepNote(recipe.profile, { command: 'import', keys: name, records }, undoNotes);
    faultPoint('undo note kept');
    writeTexts(before, after, wiring);
  });
  return identified.userArn;
}

function routeOf({ recipe }: Importing): Route {
  return { endpoint: keysOf(recipe).endpoint, network: recipe.network };
}

interface Plan {
  readonly before: ConfigTexts;
  readonly after: ConfigTexts;
  /** Of the way back, past an import that was interrupted between the two files. */
  readonly records: readonly EditRecord[];
}

/**
 * From the files as they are now. Throws `edit-refused`, `config-malformed`, `config-unwritable` for a hard link, and `recipe-invalid` for keys
 * that cannot be moved.
 */
function planEdit(importing: Importing, undoNotes: UndoNotes, wiring: Wiring): Plan {
  const { configPath } = wiring;
  const keys = newKeys(importing, configPath);
  const { profile } = keys;
  const before = readTexts(wiring);
  const after = editKeysPair(before, importPair(importing, wiring.program), wiring);
  refuseHardLinks(before, after, wiring);
  const now = [
    { path: configPath, text: before.config },
    { path: wiring.credentialsPath, text: before.credentials },
  ];
  const earlier = undoNotes.read(profile);
  const records = originalTexts(now, earlier?.command === 'import' ? earlier.records : [], { keys, profile }).map(
    ({ path, text }) => recordEdit(path, { before: text, after: path === configPath ? after.config : after.credentials }, keys),
  );
  return { before, after, records };
}

async function importInto(
  importing: Importing,
  { isYes, wiring }: { readonly isYes: boolean; readonly wiring: Wiring },
): Promise<string> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  const { profile } = importing.recipe;
  try {
    const agree = async (userArn: string) => {
      if (!isYes) await confirmMove(userArn, { place: store.description, profile, wiring });
    };
    const userArn = await moveKeys(importing, { store, agree, wiring });
    writeStderr([`the keys of ${userArn} are in ${store.description} as keys/${importing.name}; read back and accepted by AWS`]);
    await handOver(store, wiring);
    return userArn;
  } finally {
    await store.close();
  }
}

async function confirmMove(
  userArn: string,
  { place, profile, wiring }: { readonly place: string; readonly profile: ProfileName; readonly wiring: Wiring },
): Promise<void> {
  const terminal = await wiring.openTerminal({
    command: 'import',
    instead: `run \`rolekeeper import ${shellWord(profile)} --yes\``,
  });
  if (!(await terminal.confirm(`Move the keys of ${userArn} into ${place}?`))) throw new AppError('declined', {});
}

function newKeys({ recipe, name }: Importing, configPath: string): NewKeys {
  const { profile } = recipe;
  const { accessKeyId, secretAccessKey } = importableKeys(recipe, configPath);
  const renamed = (other: string) => `rolekeeper import ${shellWord(profile)} --keys ${shellWord(other)}`;
  return { name, profile, accessKeyId, secretAccessKey, renamed };
}

/** Ordinary profiles that take these keys as their source; those with a section of ours do not care. */
function dependents(profile: ProfileName, files: ConfigFiles): readonly ProfileName[] {
  return knownProfiles(files).filter((other) => {
    const settings = other === profile ? undefined : profileSettings(other, files);
    return settings !== undefined && !settings.isRecipeSection && settings.get('source_profile') === profile;
  });
}

/** Many write the device only beside their roles. */
function serialBeside(profile: ProfileName, files: ConfigFiles): string | undefined {
  return dependents(profile, files)
    .map((other) => profileSettings(other, files)?.get('mfa_serial'))
    .find((serial) => serial !== undefined);
}

/** Throws what the store throws: an import into it would fail as well. */
async function answeringStore(wiring: Wiring): Promise<string> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'never' });
  try {
    const { description, passphraseLock } = store;
    if (passphraseLock !== undefined)
      return `${description} (the import ${passphraseLock.isInUse() ? 'asks for its passphrase' : 'has you choose its passphrase'})`;
    await store.get(indexAccount());
    return description;
  } finally {
    await store.close();
  }
}

function farewell(recipe: Recipe, serial: string, { isKept }: ImportOptions): readonly string[] {
  return [
    isKept
      ? `the plaintext keys are still in ${recipe.keys?.plaintext?.path ?? 'the file'} and win over credential_process in most programs`
      : `the plaintext keys are gone from ${recipe.keys?.plaintext?.path ?? 'the file'}`,
    `to take it back: \`rolekeeper import ${shellWord(recipe.profile)} --undo\``,
    ...whatNext(recipe, serial),
  ];
}

/** `serial`: what could be set where there is none. */
function whatNext({ profile, hops }: Recipe, serial: string): readonly string[] {
  if (hops.some(needsCode)) return [`next: \`rolekeeper login ${shellWord(profile)}\``];
  const worksOn = `\`aws --profile ${shellWord(profile)}\` works as before`;
  if (hops.length === 0) return [worksOn];
  return [
    worksOn,
    `its sessions are without MFA, and IAM's own API refuses such sessions: set \`mfa_serial = ${serial}\` in [rolekeeper ${profile}], or \`session = none\``,
  ];
}
