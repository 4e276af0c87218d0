// `rolekeeper logout [PROFILE] [--all]`: forgets sessions and role credentials here. Never touches long-term keys.
// AWS cannot take issued credentials back: what a program already holds stays good until it ends.

import { type Account, isKeyId, type ProfileName, parseProfileName, roleAccount, sessionAccount } from '../config/names.ts';
import { type ConfigFiles, knownProfiles } from '../config/profile-settings.ts';
import { type Step, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { AppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import { listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { forgetItems, type Item } from './forget-items.ts';
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
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const items = group?.items ?? (await allItems(store, wiring.state));
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

/** The profile's own credentials; behind a session, also the session and every role that hangs on it. */
function groupOf(profile: ProfileName, wiring: Wiring): Group {
  const files = wiring.readConfig();
  const own = stepsOfProfile(profile, files, wiring);
  const [first] = own;
  if (first?.kind !== 'session') return { profiles: [profile], items: own };
  const others = knownProfiles(files)
    .map((name) => ({ name, steps: workingSteps(name, files, wiring) }))
    .filter(({ name, steps }) => name !== profile && steps[0]?.id === first.id);
  const steps = [...own, ...others.flatMap((other) => other.steps)];
  const items = [...new Map(steps.map((step) => [step.id, step])).values()];
  return { profiles: [profile, ...others.map(({ name }) => name)], items };
}

function stepsOfProfile(profile: ProfileName, files: ConfigFiles, { env, state }: Wiring): readonly Step[] {
  const recipe = resolveRecipe(profile, files, env);
  const userArn = knownPrincipal(recipe, state);
  return userArn === undefined ? [] : stepsOf(recipe, userArn); // nobody knows whose keys: nothing was ever cached
}

function workingSteps(profile: ProfileName, files: ConfigFiles, wiring: Wiring): readonly Step[] {
  try {
    return stepsOfProfile(profile, files, wiring);
  } catch (error) {
    if (error instanceof AppError) return []; // a profile that cannot work has nothing to log out of
    throw error;
  }
}

/** All that the list of items names and all that the state knows; either may have lost something. */
async function allItems(store: Store, state: State): Promise<readonly Item[]> {
  const listed = (await listItems(store)).flatMap((account) => temporaryItem(account) ?? []);
  const known = state.list().map(({ id, kind }) => ({ id, account: kind === 'role' ? roleAccount(id) : sessionAccount(id) }));
  return [...new Map([...listed, ...known].map((item) => [item.id, item])).values()];
}

function temporaryItem(account: Account): Item | undefined {
  const [kind, id = ''] = account.split('/');
  return (kind === 'session' || kind === 'role') && isKeyId(id) ? { id, account } : undefined;
}
