// Refreshes one profile when it is due, or when somebody wants it, and says what came of it. Never throws for what the outside did.

import type { ProfileName } from '../config/names.ts';
import { loginIdOf, type Recipe } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { dueAt, isBackingOff } from '../credentials/plan.ts';
import { type AppError, toAppError } from '../errors.ts';
import type { State } from '../ports/state.ts';
import { type Chain, type ObtainPorts, obtain, openChain } from './obtain.ts';
import { patientDemand } from './refresh-one.ts';
import { readStored } from './stored.ts';

export type RefreshReport =
  | { readonly profile: ProfileName; readonly kind: 'refreshed' | 'not-due'; readonly credentials: Credentials }
  /** `session = none`: nothing that ends. */
  | { readonly profile: ProfileName; readonly kind: 'keys' }
  | { readonly profile: ProfileName; readonly kind: 'backing-off'; readonly retryAt: number }
  | { readonly profile: ProfileName; readonly kind: 'failed'; readonly error: AppError };

/**
 * `due`: only what is due and not backing off. `named`: what is due or absent, whatever failed before. `forced`: in any case. `unasked`: as
 * `named`, for a refresh in the background that had to leave its sandbox.
 */
export type RefreshMode = 'due' | 'named' | 'forced' | 'unasked';

export async function refreshProfile(recipe: Recipe, mode: RefreshMode, ports: ObtainPorts): Promise<RefreshReport> {
  const { profile } = recipe;
  try {
    const chain = await openChain(recipe, ports);
    const last = chain.steps.at(-1);
    if (last === undefined) return { profile, kind: 'keys' };
    const isUnasked = mode === 'due' || mode === 'unasked';
    if (!isUnasked) ports.state.noteAsked(last.id); // somebody named it, and wants it fresh from now on
    const startedAt = ports.clock.now();
    const stored = await readStored(last, ports);
    const failure = ports.state.read(last.id)?.failure;
    if (mode === 'due' && failure !== undefined && isBackingOff(failure, startedAt)) {
      return { profile, kind: 'backing-off', retryAt: failure.retryAt };
    }
    if (mode !== 'forced' && stored !== undefined && startedAt < dueAt(stored, sessionEnd(chain, ports.state))) {
      return { profile, kind: 'not-due', credentials: stored };
    }
    const seen = stored?.issuedAt ?? 0;
    const demand = patientDemand(
      (life) => life.expiresAt > ports.clock.now() && life.issuedAt > Math.max(seen, mode === 'forced' ? startedAt : 0),
    );
    const wanted = { demand: { ...demand, recallsNetwork: isUnasked }, ports };
    const { credentials, notStored } = await obtain(chain, chain.steps.length - 1, wanted);
    return notStored === undefined ? { profile, kind: 'refreshed', credentials } : { profile, kind: 'failed', error: notStored };
  } catch (error) {
    return { profile, kind: 'failed', error: toAppError(error) };
  }
}

/** The end of the MFA session or sign-in that the last hop hangs on, if there is one before it. */
function sessionEnd({ recipe, steps }: Chain, state: State): number | undefined {
  const sessionId = loginIdOf(recipe, steps);
  return sessionId === undefined || sessionId === steps.at(-1)?.id ? undefined : state.read(sessionId)?.expiresAt;
}
