// What the background keeps fresh, and what of it a person should be told: the same for the agent and for `refresh --due`.

import type { KeyId } from '../config/names.ts';
import { loginIdOf, needsCode, type Recipe, type Step, stepsOf } from '../config/recipe.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import type { Life } from '../credentials/plan.ts';
import { isNight, type Watched, warningsFor } from '../credentials/warnings.ts';
import { lastPrincipal } from '../hops/keys.ts';
import type { Notifier } from '../ports/person.ts';
import type { State, StateRecord } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';

/** The last hop of a profile, with what is known of it. */
export interface Kept {
  readonly id: KeyId;
  readonly recipe: Recipe;
  readonly step: Step;
  readonly record: StateRecord;
  /** The MFA session or sign-in that it hangs on, if any. */
  readonly session: KeptSession | undefined;
}

export interface KeptSession {
  readonly id: KeyId;
  /** 0 where nobody has ever logged in. */
  readonly expiresAt: number;
}

/** Of the state, what a plan is made of. */
export type Known = Pick<State, 'read' | 'principal' | 'userName' | 'machineName' | 'digestOf'>;

/**
 * Undefined for what no background can refresh: a record of an edited recipe, or of a hop in the middle of one, is nobody's last step; a
 * code is a person's.
 */
export function keptFor(record: StateRecord, recipe: Recipe, known: Known): Kept | undefined {
  const userArn = lastPrincipal(recipe, known);
  if (userArn === undefined) return undefined;
  const steps = stepsOf(recipe, userArn);
  const step = steps.at(-1);
  if (step?.id !== record.id || needsCode(step.hop)) return undefined;
  const sessionId = loginIdOf(recipe, steps);
  const kept = { id: record.id, recipe, step, record };
  return { ...kept, session: sessionId && { id: sessionId, expiresAt: known.read(sessionId)?.expiresAt ?? 0 } };
}

/** True while somebody asked within `unusedMs`; `localNow` and `askedAt` are the local clock's. */
export function isWanted(
  askedAt: EpochMs | undefined,
  { localNow, unusedMs }: { readonly localNow: EpochMs; readonly unusedMs: number },
): boolean {
  return askedAt !== undefined && localNow - askedAt < unusedMs;
}

export interface WarnPorts {
  readonly clock: Clock;
  /** Undefined where the person wants none. */
  readonly notifier: Notifier | undefined;
  readonly warnsAtNight: boolean;
}

/** Tells the person at the desktop what should be known of these. */
export function warnOf(all: readonly Kept[], { clock, notifier, warnsAtNight }: WarnPorts): void {
  if (notifier === undefined || (isNight(clock.toLocal(clock.now())) && !warnsAtNight)) return;
  const warnings = warningsFor(all.map(watched), { now: clock.now(), toLocal: (at) => clock.toLocal(at) });
  for (const warning of warnings) notifier.tell(warning);
}

/** Undefined for what was never made. */
export function lifeOf({ issuedAt, expiresAt }: StateRecord): Life | undefined {
  return issuedAt === undefined || expiresAt === undefined ? undefined : { issuedAt, expiresAt };
}

function watched({ recipe, record, session }: Kept): Watched {
  return {
    profile: recipe.profile,
    loginTarget: recipe.loginTarget,
    life: lifeOf(record),
    failure: record.failure,
    sessionExpiresAt: session?.expiresAt,
  };
}
