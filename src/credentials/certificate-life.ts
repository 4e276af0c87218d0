// How long a certificate goes on, and when its end is near. Pure.

import type { EpochMs } from './credentials.ts';

export interface CertificateLife {
  readonly validFrom: EpochMs;
  readonly validTo: EpochMs;
}

const day = 86_400_000;
const longestNotice = 14 * day;

/** `ending` in the last two weeks, or the last fifth of a short life: what renews itself each day is not always ending. */
export function stageOf({ validFrom, validTo }: CertificateLife, now: EpochMs): 'long' | 'ending' | 'ended' {
  if (validTo <= now) return 'ended';
  const notice = Math.min(longestNotice, (validTo - validFrom) / 5);
  return validTo - now <= notice ? 'ending' : 'long';
}
