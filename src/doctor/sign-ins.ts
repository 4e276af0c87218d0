// Sign-ins to IAM Identity Center that are over. Pure.

import type { ProfileName } from '../config/names.ts';
import { shellWord } from '../shell-word.ts';
import type { Finding } from './finding.ts';

export interface SignInLook {
  readonly profile: ProfileName;
  readonly where: string;
  readonly expiresAt: number;
}

/** Each once, with the first of its profiles; one that never was is nothing wrong. */
export function checkSignIns(looks: readonly SignInLook[], now: number): readonly Finding[] {
  const over = looks.filter(({ expiresAt }) => expiresAt <= now);
  return [...new Map(over.toReversed().map((look) => [look.where, look])).values()].toReversed().map(({ profile, where }) => ({
    check: 'sign-ins',
    profile,
    what: `the sign-in to IAM Identity Center ${where} is over`,
    why: 'its profiles get no new credentials until a person signs in',
    mend: `rolekeeper login ${shellWord(profile)}`,
  }));
}
