// `rolekeeper forget-keys NAME`: takes one set of long-term keys out of the store, with the sessions and roles that began with them.
// Nobody can make keys again, so nothing happens before a yes to what is lost.

import {
  type Account,
  keysAccount,
  newKeysAccount,
  oldKeysAccount,
  type ProfileName,
  parseProfileName,
  totpAccount,
} from '../config/names.ts';
import { type ConfigFiles, knownProfiles } from '../config/profile-settings.ts';
import { type Step, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import type { Keys } from '../credentials/credentials.ts';
import { AppError, isAppError } from '../errors.ts';
import type { RotationRecords } from '../ports/iam.ts';
import type { Store } from '../ports/store.ts';
import { shellWord } from '../shell-word.ts';
import { forgetItem, listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { forgetItems } from './forget-items.ts';
import { leftAtAwsLines } from './keys-left-at-aws.ts';
import { writeStderr } from './report.ts';
import { keysSourceOf, plaintextOf, removeKeys, usableKeys, usersOfKeys } from './stored-keys.ts';
import { withoutRotation } from './without-rotation.ts';

export interface ForgetKeysOptions {
  readonly name: string;
  /** Also while a rotation of them is under way. */
  readonly abandonsRotation: boolean;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

const storeDeadlineMs = 60_000;

/** Returns the exit status: 1 when a refresh under way may store its credentials once more. Throws `usage` and `keys-at-risk` before anything is removed. */
export async function forgetKeys(options: ForgetKeysOptions, wiring: Wiring): Promise<number> {
  const name = parseProfileName(options.name);
  const records = await wiring.openRotationRecords();
  const store = unopenedIfEmpty(await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }));
  try {
    const found = await lookAt(name, store, wiring);
    await refuseRotating(options, { name, users: found.users, store, records });
    writeStderr(await announcement(found, store, wiring));
    if (options.isDryRun) {
      writeStderr(['nothing was changed']);
      return 0;
    }
    if (!options.isYes) await confirm(name, options, wiring);
    return await removeAll(found, { options, store, records }, wiring);
  } finally {
    await store.close();
  }
}

interface Found {
  readonly name: ProfileName;
  /** Undefined for an item that cannot be read any more. */
  readonly keys: Keys | undefined;
  readonly users: readonly ProfileName[];
  /** Those of them whose file has not got the same keys as well. */
  readonly stopping: readonly ProfileName[];
  /** Sessions and roles that began with these keys, and with no others. */
  readonly steps: readonly Step[];
  /** The secret of their MFA device is in the store as well. */
  readonly hasDevice: boolean;
  readonly files: ConfigFiles;
}

/** Throws `usage` for keys that are not there. */
async function lookAt(name: ProfileName, store: Store, wiring: Wiring): Promise<Found> {
  const account = keysAccount(name);
  const listed = await listItems(store);
  if ((await store.get(account)) === undefined && !listed.includes(account)) {
    const others = listed.flatMap((item) => (item.startsWith('keys/') ? [item.slice('keys/'.length)] : []));
    throw new AppError('usage', {
      problem: `${store.description} has no keys "${name}"`,
      hint: others.length === 0 ? 'it has none at all' : `it has: ${others.join(', ')}`,
    });
  }
  const files = wiring.readConfig();
  const keys = await usableKeys(name, store);
  const users = usersOfKeys(name, files, wiring.env);
  const stopping = users.filter((profile) => {
    const plaintext = keysSourceOf(profile, files, wiring.env)?.plaintext;
    return plaintext === undefined || plaintext.accessKeyId !== keys?.accessKeyId;
  });
  const principal = keys?.userArn ?? wiring.state.principal(name);
  const stepsOfAll = (profiles: readonly ProfileName[]) =>
    principal === undefined ? [] : profiles.flatMap((profile) => workingSteps(profile, principal, { files, wiring }));
  // Two names may hold keys of one user: what begins with the other as well is still of use.
  const elsewhere = new Set(stepsOfAll(knownProfiles(files).filter((profile) => !users.includes(profile))).map(({ id }) => id));
  const steps = new Map(stepsOfAll(users).map((step) => [step.id, step]));
  const hasDevice = (await store.get(totpAccount(name))) !== undefined;
  return { name, keys, users, stopping, steps: [...steps.values()].filter(({ id }) => !elsewhere.has(id)), hasDevice, files };
}

function workingSteps(
  profile: ProfileName,
  principal: string,
  { files, wiring }: { readonly files: ConfigFiles; readonly wiring: Wiring },
): readonly Step[] {
  try {
    const recipe = resolveRecipe(profile, files, wiring.env);
    return recipe.keys === undefined ? [] : stepsOf(recipe, principal);
  } catch (error) {
    if (isAppError(error)) return []; // a profile that cannot work has nothing cached
    throw error;
  }
}

interface Rotating {
  readonly name: ProfileName;
  readonly users: readonly ProfileName[];
  readonly store: Store;
  readonly records: RotationRecords;
}

async function refuseRotating({ abandonsRotation }: ForgetKeysOptions, { name, users, store, records }: Rotating): Promise<void> {
  const items = await rotationItems(name, store);
  if (abandonsRotation || (items.length === 0 && records.read(name) === undefined)) return;
  throw new AppError('keys-at-risk', {
    keys: name,
    problem: 'a rotation of them is under way',
    hint: `\`rolekeeper rotate ${shellWord(users[0] ?? 'PROFILE')} --finish\` ends it; --abandon-rotation removes all of its keys`,
  });
}

async function rotationItems(name: ProfileName, store: Store): Promise<readonly Account[]> {
  const there: Account[] = [];
  for (const account of [newKeysAccount(name), oldKeysAccount(name)]) {
    if ((await store.get(account)) !== undefined) there.push(account);
  }
  return there;
}

async function announcement(
  { name, keys, users, stopping, steps, hasDevice, files }: Found,
  store: Store,
  wiring: Wiring,
): Promise<readonly string[]> {
  const whose = keys === undefined ? 'which cannot be read any more' : `${keys.accessKeyId} of ${keys.userArn}`;
  const place = keys === undefined ? undefined : plaintextOf(keys.accessKeyId, files);
  const undoNotes = await wiring.openUndoNotes();
  const imported = users.find((profile) => {
    const note = undoNotes.read(profile);
    return note?.command === 'import' && note.keys === name;
  });
  const isBackable = keys !== undefined && place === undefined && imported !== undefined;
  return [
    `forget-keys: keys/${name} (${whose}) leaves ${store.description}`,
    usersLine(users, stopping),
    ...(steps.length === 0 ? [] : ['  their sessions and roles are forgotten as well']),
    ...(hasDevice
      ? [`  ${totpAccount(name)}, the secret of their MFA device, goes too: codes come from your app alone then`]
      : []),
    place === undefined
      ? '  lost for good: no AWS file here has these keys, and AWS shows a secret only once'
      : `  not lost: ${place.path}:${place.line} has them in plaintext`,
    ...(isBackable
      ? [`  to have them in their file again instead, first: \`rolekeeper import ${shellWord(imported)} --undo\``]
      : []),
    ...(keys === undefined ? [] : [`  at AWS the key stays: \`aws iam delete-access-key --access-key-id ${keys.accessKeyId}\``]),
    ...(await leftAtAwsLines([newKeysAccount(name), oldKeysAccount(name)], store)),
  ];
}

function usersLine(users: readonly ProfileName[], stopping: readonly ProfileName[]): string {
  if (users.length === 0) return '  no profile uses them';
  if (stopping.length > 0) return `  profiles that stop working: ${stopping.join(', ')}`;
  return `  no profile stops working: ${users.join(', ')} can take them from their file`;
}

async function confirm(name: ProfileName, { abandonsRotation }: ForgetKeysOptions, wiring: Wiring): Promise<void> {
  const words = `${shellWord(name)}${abandonsRotation ? ' --abandon-rotation' : ''}`;
  const terminal = await wiring.openTerminal({
    command: 'forget-keys',
    instead: `run \`rolekeeper forget-keys ${words} --yes\``,
  });
  if (!(await terminal.confirm(`Remove keys/${name}?`))) throw new AppError('declined', {});
}

interface Removing {
  readonly options: ForgetKeysOptions;
  readonly store: Store;
  readonly records: RotationRecords;
}

async function removeAll({ name, users, steps }: Found, { options, store, records }: Removing, wiring: Wiring): Promise<number> {
  const { state, clock } = wiring;
  const lock = await wiring.openLock();
  const unsureCount = await withoutRotation([name], wiring, async () => {
    await refuseRotating(options, { name, users, store, records });
    // The keys first, so that nothing begins with them behind our back; their name in the list last, so that this can be run again.
    await store.delete(keysAccount(name));
    for (const account of [newKeysAccount(name), oldKeysAccount(name), totpAccount(name)]) {
      await store.delete(account);
      await forgetItem({ store, lock }, account);
    }
    records.forget(name);
    const say = (line: string) => writeStderr([line]);
    const { unsure } = await forgetItems(steps, { clock, state, store, lock, say });
    await removeKeys(name, { store, lock, state });
    return unsure.length;
  });
  writeStderr([`keys/${name} is gone from ${store.description}`]);
  if (unsureCount === 0) return 0;
  writeStderr(['a refresh is still under way and may store its credentials again: `rolekeeper logout --all` in a minute']);
  return 1;
}
