// `rolekeeper import PROFILE`: moves long-term keys from a file into the store and puts the profile on rolekeeper.
// The plaintext goes last: only when the store's copy was read back and AWS took it.

import { type EditRecord, recordEdit } from '../config/edit-record.ts';
import { originalTexts } from '../config/interrupted-edit.ts';
import { type ConfigTexts, editKeysPair, type KeysPair } from '../config/keys-pair.ts';
import { indexAccount, type ProfileName, parseProfileName } from '../config/names.ts';
import { processLine } from '../config/process-line.ts';
import { type ConfigFiles, knownProfiles, profileSettings } from '../config/profile-settings.ts';
import { keysOf, needsCode, type Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import type { UndoNote } from '../config/undo-note.ts';
import { AppError } from '../errors.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import type { Wiring } from '../wiring.ts';
import { alone, readTexts, showEdit, writeTexts } from './config-texts.ts';
import { handOver } from './hand-over.ts';
import { writeStderr } from './report.ts';
import { identifyKeys, type NewKeys, storeKeys } from './take-keys.ts';

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
  const keys = importableKeys(recipe, { name, configPath: wiring.configPath });
  const pair: KeysPair = {
    profile,
    process: processLine(wiring.program, profile),
    recipe: name === profile ? {} : { keys: name },
    ordinary: {},
    removesPlaintext: !options.isKept,
  };
  const undoNotes = await wiring.openUndoNotes();
  const plan = () => planEdit(pair, { keys, earlier: undoNotes.read(profile) }, wiring);
  const planned = plan();
  const remarks = dependents(profile, files).flatMap((other) => [
    `"${other}" has source_profile = ${profile}: outside rolekeeper it now starts from a session instead of the keys.`,
    `  To keep its role fresh too: \`rolekeeper adopt ${other}\``,
  ]);
  if (options.isDryRun) {
    // First: a diff of what cannot be done would be no use.
    const place = await answeringStore(wiring);
    showEdit(planned.before, planned.after, wiring);
    writeStderr([...remarks, `nothing was changed. The keys would go into ${place} as keys/${name}.`]);
    return;
  }
  const userArn = await moveKeys({ keys, recipe, isYes: options.isYes }, wiring, () => {
    const { before, after, records } = plan();
    if (before.config === after.config && before.credentials === after.credentials) return; // the older way back stays
    // Before the files are touched: whatever happens next, there is a way back.
    undoNotes.keep(profile, { command: 'import', keys: name, records });
    faultPoint('undo note kept');
    writeTexts(before, after, wiring);
  });
  const serial = serialBeside(profile, files) ?? `${userArn.split(':').slice(0, 5).join(':')}:mfa/DEVICE`;
  writeStderr([...remarks, ...farewell(recipe, serial, options)]);
}

interface Plan {
  readonly before: ConfigTexts;
  readonly after: ConfigTexts;
  /** Of the way back, past an import that was interrupted between the two files. */
  readonly records: readonly EditRecord[];
}

/** From the files as they are now. Throws `edit-refused` and `config-malformed`. */
function planEdit(
  pair: KeysPair,
  { keys, earlier }: { readonly keys: NewKeys; readonly earlier: UndoNote | undefined },
  wiring: Wiring,
): Plan {
  const before = readTexts(wiring);
  const after = editKeysPair(before, pair, wiring);
  const now = [
    { path: wiring.configPath, text: before.config },
    { path: wiring.credentialsPath, text: before.credentials },
  ];
  const undoing = { keys, profile: pair.profile };
  const records = originalTexts(now, earlier?.command === 'import' ? earlier.records : [], undoing).map(({ path, text }) =>
    recordEdit(path, { before: text, after: path === wiring.configPath ? after.config : after.credentials }, keys),
  );
  return { before, after, records };
}

/** Returns whose they are. */
async function moveKeys(
  { keys, recipe, isYes }: { readonly keys: NewKeys; readonly recipe: Recipe; readonly isYes: boolean },
  wiring: Wiring,
  writeFiles: () => void,
): Promise<string> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const ports = await wiring.openRefresh(store);
    const route = { endpoint: keysOf(recipe).endpoint, network: recipe.network };
    const identified = await identifyKeys(keys, route, ports);
    if (!isYes) await confirmMove(identified.userArn, { place: store.description, profile: recipe.profile, wiring });
    await storeKeys(identified, keys.name, { route, ports });
    await alone(wiring, writeFiles);
    writeStderr([
      `the keys of ${identified.userArn} are in ${store.description} as keys/${keys.name}; read back and accepted by AWS`,
    ]);
    await handOver(store, wiring);
    return identified.userArn;
  } finally {
    await store.close();
  }
}

async function confirmMove(
  userArn: string,
  { place, profile, wiring }: { readonly place: string; readonly profile: ProfileName; readonly wiring: Wiring },
): Promise<void> {
  const terminal = await wiring.openTerminal({ command: 'import', instead: `run \`rolekeeper import ${profile} --yes\`` });
  if (!(await terminal.confirm(`Move the keys of ${userArn} into ${place}?`))) throw new AppError('interrupted', {});
}

/** Throws `recipe-invalid` for a profile whose keys cannot be moved, saying why. */
function importableKeys(
  recipe: Recipe,
  { name, configPath }: { readonly name: ProfileName; readonly configPath: string },
): NewKeys {
  const { profile, chain } = recipe;
  const plaintext = recipe.keys?.plaintext;
  const fail = (problem: string, hint: string) => new AppError('recipe-invalid', { profile, problem, chain: [], hint });
  if (chain.length > 1 || recipe.hops.some(({ kind }) => kind === 'role')) {
    throw fail(
      'it is a role, not a profile of access keys',
      `import its source: \`rolekeeper import ${chain.at(-1) ?? profile}\``,
    );
  }
  if (plaintext === undefined) {
    throw fail(
      'it has no access keys in plaintext',
      `type them in with \`rolekeeper add ${profile}\`, or look into ${configPath}`,
    );
  }
  if (plaintext.sessionToken !== undefined) {
    throw fail(
      `its keys in ${plaintext.path}:${plaintext.line} are temporary (aws_session_token)`,
      'only long-term keys can be imported',
    );
  }
  const renamed = (other: string) => `rolekeeper import ${profile} --keys ${other}`;
  return { name, profile, accessKeyId: plaintext.accessKeyId, secretAccessKey: plaintext.secretAccessKey, renamed };
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
    `to take it back: \`rolekeeper import ${recipe.profile} --undo\``,
    ...whatNext(recipe, serial),
  ];
}

/** `serial`: what could be set where there is none. */
function whatNext({ profile, hops }: Recipe, serial: string): readonly string[] {
  if (hops.some(needsCode)) return [`next: \`rolekeeper login ${profile}\``];
  const worksOn = `\`aws --profile ${profile}\` works as before`;
  if (hops.length === 0) return [worksOn];
  return [
    worksOn,
    `its sessions are without MFA, and IAM's own API refuses such sessions: set \`mfa_serial = ${serial}\` in [rolekeeper ${profile}], or \`session = none\``,
  ];
}
