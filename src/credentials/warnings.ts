// What a person should be told before it hurts: a session that ends soon, refreshes that fail while the credentials run out. Pure.

import { shellWord } from '../shell-word.ts';
import { type EpochMs, localMinute } from './credentials.ts';
import type { Failure, Life } from './plan.ts';

/** What is known of one profile that somebody uses. */
export interface Watched {
  readonly profile: string;
  /** What to type after `rolekeeper login`. */
  readonly loginTarget: string;
  readonly life: Life | undefined;
  readonly failure: Failure | undefined;
  /** The end of the MFA session that it hangs on. */
  readonly sessionExpiresAt: EpochMs | undefined;
}

export interface Warning {
  /** The same for the same event, so that it is said once. */
  readonly event: string;
  readonly title: string;
  readonly text: string;
}

/** So long before its end a session is worth a word. */
const sessionLeadMs = 30 * 60_000;
/** Callers are content above this; below it a failing refresh threatens an answer. */
const answerLeadMs = 15 * 60_000;

/** `toLocal` turns a moment into what the person's clock shows. */
export function warningsFor(
  watched: readonly Watched[],
  { now, toLocal }: { readonly now: EpochMs; readonly toLocal: (at: EpochMs) => EpochMs },
): readonly Warning[] {
  const words = (at: EpochMs) => localMinute(toLocal(at));
  const all = watched.flatMap((one) => [...sessionWarning(one, now, words), ...failureWarning(one, now, words)]);
  return [...new Map(all.map((warning) => [warning.event, warning])).values()];
}

/** True from 22:00 to 07:00 on the person's clock: nobody is woken for this. `localAt` as `Date` takes it. */
export function isNight(localAt: EpochMs): boolean {
  const hour = new Date(localAt).getHours();
  return hour >= 22 || hour < 7;
}

type Words = (at: EpochMs) => string;

function sessionWarning({ loginTarget, sessionExpiresAt }: Watched, now: EpochMs, words: Words): readonly Warning[] {
  if (sessionExpiresAt === undefined || sessionExpiresAt <= now || sessionExpiresAt - now > sessionLeadMs) return [];
  const minutes = Math.ceil((sessionExpiresAt - now) / 60_000);
  return [
    {
      event: `session ${loginTarget} ${sessionExpiresAt}`,
      title: `AWS session of "${loginTarget}" ends in ${minutes} min`,
      text: `It ends ${words(sessionExpiresAt)}. To go on: rolekeeper login ${shellWord(loginTarget)}`,
    },
  ];
}

function failureWarning({ profile, life, failure }: Watched, now: EpochMs, words: Words): readonly Warning[] {
  if (failure === undefined || life === undefined || life.expiresAt <= now || life.expiresAt - now > answerLeadMs) return [];
  return [
    {
      event: `failure ${profile} ${life.expiresAt}`,
      title: `AWS credentials of "${profile}" cannot be refreshed`,
      text: `They end ${words(life.expiresAt)}. What is wrong: rolekeeper status ${shellWord(profile)}`,
    },
  ];
}
