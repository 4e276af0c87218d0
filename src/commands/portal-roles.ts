// What the person has in IAM Identity Center: the accounts and roles that the portal lists, and the profiles that there are for them already.

import { sectionNames } from '../config/aws-config.ts';
import type { ProfileName } from '../config/names.ts';
import { parseProfileName } from '../config/names.ts';
import type { NamedRole } from '../config/portal-profiles.ts';
import { type ConfigFiles, keptProfiles } from '../config/profile-settings.ts';
import { signInOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { describeSignIn, signInIdOf } from '../config/sign-in.ts';
import { AppError } from '../errors.ts';
import type { PortalAccount } from '../ports/identity-center.ts';
import { fewAtOnce } from '../refresh/few-at-once.ts';
import type { Wiring } from '../wiring.ts';
import { type SignInTarget, targetOfProfile, targetOfSession } from './login-identity-center.ts';
import { workingRecipes } from './working-recipes.ts';

export interface PortalQuestion {
  readonly profile: string | undefined;
  readonly ssoSession: string | undefined;
  /** Ids or names; none for all. */
  readonly accounts: readonly string[];
  readonly roles: readonly string[];
}

export interface PortalAnswer {
  readonly target: SignInTarget;
  readonly roles: readonly NamedRole[];
  /** The region of the profile that was named. */
  readonly region: string | undefined;
}

const storeDeadlineMs = 60_000;
/** The portal allows a few requests a second. */
const lanes = 4;

/** Throws `login-needed` with the command, `usage` for an account or a role that is not there, and what the ports throw. */
export async function askPortal(question: PortalQuestion, wiring: Wiring): Promise<PortalAnswer> {
  const { target, region } = targetOf(question, wiring.readConfig(), wiring);
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const { portal, signIns } = await (await wiring.openRefresh(store)).openIdentityCenter();
    const { value: accessToken } = await signIns.accessToken(target.signIn, target.call);
    const call = { ...target.call, endpoint: target.signIn.portal, accessToken };
    const accounts = chosen(await portal.listAccounts(call), question.accounts, {
      isMeant: (account, word) => account.accountId === word || account.name === word,
      what: 'account',
    });
    const lists = await fewAtOnce(accounts, lanes, async (account) => {
      const roles = await portal.listRoles(account.accountId, call);
      return roles.map((role): NamedRole => ({ ...role, account }));
    });
    const all = lists.flat().toSorted(byAccountAndRole);
    const roles = chosen(all, question.roles, { isMeant: ({ roleName }, word) => roleName === word, what: 'role' });
    return { target, roles, region };
  } finally {
    await store.close();
  }
}

/** By account, role and sign-in, which profile is on rolekeeper for it. */
export function profilesOfRoles(
  { target, roles }: PortalAnswer,
  files: ConfigFiles,
  { env }: Wiring,
): ReadonlyMap<NamedRole, ProfileName> {
  const kept = new Set(keptProfiles(files));
  const id = signInIdOf(target.signIn);
  const found = new Map<string, ProfileName>();
  for (const { profile, hops } of workingRecipes(files, env)) {
    const [hop, ...more] = hops;
    if (hop?.kind !== 'identity-center' || more.length > 0 || !kept.has(profile) || signInIdOf(hop.signIn) !== id) continue;
    found.set(`${hop.accountId} ${hop.roleName}`, profile);
  }
  return new Map(
    roles.flatMap((role) => {
      const profile = found.get(`${role.accountId} ${role.roleName}`);
      return profile === undefined ? [] : [[role, profile] as const];
    }),
  );
}

function targetOf(
  { profile, ssoSession }: PortalQuestion,
  files: ConfigFiles,
  wiring: Wiring,
): { readonly target: SignInTarget; readonly region: string | undefined } {
  if (profile !== undefined && ssoSession !== undefined) {
    throw new AppError('usage', { problem: 'sso: --profile and --sso-session do not go together' });
  }
  if (ssoSession !== undefined) return { target: targetOfSession(ssoSession, files, wiring), region: undefined };
  if (profile === undefined) return { target: onlyTarget(files, wiring), region: undefined };
  const recipe = resolveRecipe(parseProfileName(profile), files, wiring.env);
  const signIn = signInOf(recipe);
  if (signIn === undefined) throw new AppError('usage', { problem: `"${profile}" does not start from IAM Identity Center` });
  return { target: targetOfProfile(recipe, signIn), region: recipe.region };
}

function onlyTarget(files: ConfigFiles, wiring: Wiring): SignInTarget {
  const targets = new Map<string, SignInTarget>();
  for (const recipe of workingRecipes(files, wiring.env)) {
    const signIn = signInOf(recipe);
    if (signIn !== undefined && !targets.has(signInIdOf(signIn)))
      targets.set(signInIdOf(signIn), targetOfProfile(recipe, signIn));
  }
  for (const name of sectionNames(files.config, 'sso-session')) {
    const isNew = ![...targets.values()].some(({ signIn }) => signIn.sessionName === name);
    if (isNew) targets.set(name, targetOfSession(name, files, wiring));
  }
  const [only, ...others] = targets.values();
  if (only !== undefined && others.length === 0) return only;
  const places = [...targets.values()].map(({ signIn }) => describeSignIn(signIn)).join(', ');
  throw new AppError('usage', {
    problem: only === undefined ? `nothing in ${files.config.path} leads to IAM Identity Center` : `there are several: ${places}`,
    hint: 'name one: --profile NAME, or --sso-session NAME (`aws configure sso-session` makes one)',
  });
}

function chosen<T>(
  all: readonly T[],
  words: readonly string[],
  { isMeant, what }: { readonly isMeant: (one: T, word: string) => boolean; readonly what: string },
): readonly T[] {
  const missing = words.find((word) => !all.some((one) => isMeant(one, word)));
  if (missing !== undefined) {
    throw new AppError('usage', { problem: `you have no ${what} "${missing}" there`, hint: 'run `rolekeeper sso accounts`' });
  }
  return words.length === 0 ? all : all.filter((one) => words.some((word) => isMeant(one, word)));
}

function byAccountAndRole(a: NamedRole, b: NamedRole): number {
  const names = (one: NamedRole): readonly [PortalAccount['name'], string, string] => [
    one.account.name,
    one.accountId,
    one.roleName,
  ];
  const [left, right] = [names(a), names(b)];
  const at = left.findIndex((name, index) => name !== right[index]);
  return at === -1 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}
