// `rolekeeper logout [PROFILE] [--all]`: forgets sessions and role credentials here. Never touches long-term keys.
// AWS cannot take issued credentials back: what a program already holds stays good until it ends.

import { accountOfRecord, type KeyId, type ProfileName, parseProfileName, signInAccount } from '../config/names.ts';
import { type ConfigFiles, knownProfiles } from '../config/profile-settings.ts';
import { loginIdOf, type Step, signInOf, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { AppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import { listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { endSignIns } from './end-sign-ins.ts';
import { forgetItems, type Item, temporaryItem } from './forget-items.ts';
import { writeStderr } from './report.ts';

export interface LogoutOptions {
  readonly profile: string | undefined;
  readonly isAll: boolean;
}

const storeDeadlineMs = 60_000;

/** Returns the exit status: 1 when a refresh under way may undo the logout. */
export async function logout({ profile, isAll }: LogoutOptions, wiring: Wiring): Promise<number> {
  const name = profile ?? wiring.env['AWS_PROFILE'] ?? '';
  if (!isAll && name === '') {
    throw new AppError('usage', {
      problem: 'logout needs a profile',
      hint: 'run `rolekeeper logout PROFILE`, or `rolekeeper logout --all`',
    });
  }
  const group = isAll ? undefined : groupOf(parseProfileName(name), wiring);
  const store = unopenedIfEmpty(await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }));
  try {
    const items = group?.items ?? (await allItems(store, wiring.state));
    await endSignIns(items, store, wiring);
    const { clock, state } = wiring;
    const say = (line: string) => writeStderr([line]);
    const { count, unsure } = await forgetItems(items, { clock, state, store, lock: await wiring.openLock(), say });
    writeStderr([lastWords(count, group)]);
    if (unsure.length === 0) return 0;
    writeStderr(['a refresh is still under way and may store its credentials again; run the same command once more in a minute']);
    return 1;
  } finally {
    await store.close();
  }
}

function lastWords(count: number, group: Group | undefined): string {
  const whose = group === undefined ? '' : ` of ${group.profiles.join(', ')}`;
  if (count === 0) return `nothing to forget: no session${whose} is stored here, and no credentials of a role`;
  return `logged out${whose}: ${count} ${count === 1 ? 'item' : 'items'} removed. Programs that hold credentials keep them until they end.`;
}

/** The profiles that are logged out together, with their items. */
interface Group {
  readonly profiles: readonly ProfileName[];
  readonly items: readonly Item[];
}

/** The profile's own credentials; behind a session or a sign-in, also that and every role that hangs on it. */
function groupOf(profile: ProfileName, wiring: Wiring): Group {
  const files = wiring.readConfig();
  const own = holdingOf(profile, files, wiring);
  const { sharedId } = own;
  if (sharedId === undefined) return { profiles: [profile], items: own.items };
  const others = knownProfiles(files)
    .map((name) => ({ name, holding: workingHolding(name, files, wiring) }))
    .filter(({ name, holding }) => name !== profile && holding?.sharedId === sharedId);
  const items = [...own.items, ...others.flatMap(({ holding }) => holding?.items ?? [])];
  return {
    profiles: [profile, ...others.map(({ name }) => name)],
    items: [...new Map(items.map((item) => [item.id, item])).values()],
  };
}

interface Holding {
  readonly items: readonly Item[];
  /** Of the session or sign-in that it begins with, which others may begin with as well. */
  readonly sharedId: KeyId | undefined;
}

function holdingOf(profile: ProfileName, files: ConfigFiles, { env, state }: Wiring): Holding {
  const recipe = resolveRecipe(profile, files, env);
  const principal = knownPrincipal(recipe, state);
  const steps: readonly Step[] = principal === undefined ? [] : stepsOf(recipe, principal); // unknown: nothing was ever cached
  const signInId = signInOf(recipe) === undefined ? undefined : loginIdOf(recipe, steps);
  if (signInId !== undefined)
    return { items: [{ id: signInId, account: signInAccount(signInId) }, ...steps], sharedId: signInId };
  const [first] = steps;
  return { items: steps, sharedId: first?.kind === 'session' ? first.id : undefined };
}

function workingHolding(profile: ProfileName, files: ConfigFiles, wiring: Wiring): Holding | undefined {
  try {
    return holdingOf(profile, files, wiring);
  } catch (error) {
    if (error instanceof AppError) return undefined; // a profile that cannot work has nothing to log out of
    throw error;
  }
}

/** All that the list of items names and all that the state knows; either may have lost something. */
async function allItems(store: Store, state: State): Promise<readonly Item[]> {
  const listed = (await listItems(store)).flatMap((account) => temporaryItem(account) ?? []);
  const known = state.list().map((record) => ({ id: record.id, account: accountOfRecord(record) }));
  return [...new Map([...listed, ...known].map((item) => [item.id, item])).values()];
}
