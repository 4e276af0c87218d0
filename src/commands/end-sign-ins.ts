// Ends sign-ins to IAM Identity Center at AWS, before `logout` or a purge forgets them here. Where AWS cannot be reached that is said, and no more.

import { signInAccount } from '../config/names.ts';
import { signInOf } from '../config/recipe.ts';
import { describeSignIn, signInIdOf } from '../config/sign-in.ts';
import { resolveNetwork } from '../config/sts-endpoint.ts';
import type { SignInTokens } from '../credentials/sign-in-tokens.ts';
import { isAppError } from '../errors.ts';
import type { IdentityCenter, IdentityCenterCall } from '../ports/identity-center.ts';
import type { Store } from '../ports/store.ts';
import type { Wiring } from '../wiring.ts';
import type { Item } from './forget-items.ts';
import { writeStderr } from './report.ts';
import { workingRecipes } from './working-recipes.ts';

/** A person waits, for all of them together. */
const waitMs = 10_000;

/** Says of each that could not be ended what stood in the way. Throws only what the store throws. */
export async function endSignIns(items: readonly Item[], store: Store, wiring: Wiring): Promise<void> {
  const signIns = items.filter(({ id, account }) => account === signInAccount(id));
  if (signIns.length === 0) return;
  const identityCenter = await (await wiring.openRefresh(store)).openIdentityCenter();
  const signal = AbortSignal.timeout(waitMs);
  await Promise.all(
    signIns.map(async ({ id }) => {
      const tokens = await identityCenter.signIns.stored(id);
      if (tokens !== undefined) await endOne(id, tokens, { identityCenter, signal, wiring });
    }),
  );
}

interface Ending {
  readonly identityCenter: IdentityCenter;
  readonly signal: AbortSignal;
  readonly wiring: Wiring;
}

async function endOne(id: Item['id'], tokens: SignInTokens, { identityCenter, signal, wiring }: Ending): Promise<void> {
  const { portal, signIns } = identityCenter;
  try {
    const recipe = workingRecipes(wiring.readConfig(), wiring.env).find((each) => {
      const signIn = signInOf(each);
      return signIn !== undefined && signInIdOf(signIn) === id;
    });
    const call: IdentityCenterCall = { network: recipe?.network ?? resolveNetwork([], wiring.env), signal };
    const target = recipe === undefined ? undefined : signInOf(recipe);
    // Only with a token that is still taken can the rest be ended.
    const isFresh = tokens.accessExpiresAt > wiring.clock.now();
    const newer =
      isFresh || target === undefined || tokens.refreshToken === undefined ? undefined : await signIns.accessToken(target, call);
    await portal.logout({ ...call, endpoint: tokens.portal, accessToken: newer?.value ?? tokens.accessToken });
  } catch (error) {
    if (!isAppError(error) && !signal.aborted) throw error;
    if (isAppError(error, 'login-needed')) return; // over at AWS already
    const problem = isAppError(error) && !signal.aborted ? error.message : `no answer in ${waitMs / 1000} s`;
    writeStderr([`the sign-in to ${describeSignIn(tokens)} could not be ended at AWS, and is only forgotten here: ${problem}`]);
  }
}
