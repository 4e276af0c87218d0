// `rolekeeper uninstall --purge`: the store's items, the state, and profiles put back as they were before their import.
// Long-term keys are what nobody can make again: they go only when asked for by name, and after they are back in their file.

import { hasWholePath } from '../config/edit-record.ts';
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
import { certificateOf, type Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import { shellWord } from '../shell-word.ts';
import { listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { alone } from './config-texts.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { endSignIns } from './end-sign-ins.ts';
import { forgetItems, type Item, temporaryItem } from './forget-items.ts';
import type { InstallPorts } from './install.ts';
import { leftAtAwsLines } from './keys-left-at-aws.ts';
import { type Import, planUndo, profilesHere, readFiles, type Undo, undoneLines, writeUndone } from './purged-files.ts';
import { keysNameOf, plaintextOf, usableKeys, usersOfKeys } from './stored-keys.ts';
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
  const leftAtAws = await leftAtAwsLines(accounts, store);
  const lost = keys.filter((name) => !undo.keys.has(name) && !inFiles.has(name));
  if (!losesKeys)
    refuseUnnoted(
      lost.filter((name) => !undo.noted.has(name)),
      ports,
    );
  return {
    lines: [
      ...undo.undone.flatMap(undoneLines),
      ...lost.map((name) => `  delete   keys/${name} FOR GOOD: no file has them`),
      ...leftAtAws,
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

function recipeOf(profile: ProfileName, { readConfig, env }: PurgePorts): Recipe | undefined {
  try {
    return resolveRecipe(profile, readConfig(), env);
  } catch (error) {
    if (isAppError(error)) return undefined; // a profile that cannot work has no items
    throw error;
  }
}

/** The app still has it, or nobody: that is for the person to know. */
function deviceLines(name: string | undefined): readonly string[] {
  return name === undefined
    ? []
    : [`  delete   totp/${name}, the secret of an MFA device: without your app, no login is possible any more`];
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
    hint: `\`rolekeeper import ${shellWord(first)} --undo\` puts imported keys back into their file; --delete-keys does that where it can, then deletes them here`,
  });
}

/** Keys that came out of a file, as far as anybody can tell, and that nothing leads back: imported on another machine, by an older version. */
function refuseUnnoted(names: readonly ProfileName[], ports: PurgePorts): void {
  const files = readFiles(ports);
  if (files === undefined) return;
  for (const keys of names) {
    const [user] = usersOfKeys(keys, files, ports.env);
    if (user === undefined) continue;
    throw new AppError('keys-at-risk', {
      keys,
      problem: `"${user}" uses them, no file has them, and no note tells how they came here`,
      hint: 'where they were imported on another machine, run the command there; --lose-keys deletes them all the same',
    });
  }
}

function cannotBeUndone({ profile, otherPath, keys, changed }: Import): AppError<'keys-at-risk'> {
  const why = changed === undefined ? 'its file has not got them any more' : changeWords(changed);
  const where = otherPath === undefined ? '' : ` with AWS_CONFIG_FILE=${otherPath}`;
  return new AppError('keys-at-risk', {
    keys,
    problem: `the import cannot be undone (${why})`,
    hint: `mend that place, then \`rolekeeper import ${shellWord(profile)} --undo\`${where}; --lose-keys deletes them all the same`,
  });
}

function changeWords({ path, line }: NonNullable<Import['changed']>): string {
  return hasWholePath({ path }) ? `${path}:${line} was changed` : `it noted ${path} without its directory`;
}

/** Profiles that will run a program without its keys. */
function orphans({ undone }: Undo, ports: PurgePorts): readonly string[] {
  const isBack = (name: ProfileName) =>
    undone.some(({ kept, left }) => kept.otherPath === undefined && kept.profile === name && left === undefined);
  const left = profilesHere(ports).filter((name) => !isBack(name));
  return left.length === 0 ? [] : [`note: still set up for rolekeeper in ${ports.configPath}: ${left.join(', ')}`];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
