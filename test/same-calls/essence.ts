// What of a verdict must be the same on both sides: who came out, and which calls were made.

import type { Call, Verdict } from './side.ts';

export type Works = Extract<Verdict, { readonly kind: 'works' }>;

/** One text for all that is the same to the letter. */
export function essence({ principal, calls }: Works): string {
  return JSON.stringify({ principal: withoutDefaultName(principal), calls: calls.map(essenceOf) });
}

function essenceOf({ operation, params }: Call) {
  const entries = Object.entries(params).filter((param) => !isIgnored(param));
  return [operation, ...entries.map(([name, value]) => [name, withoutDefaultName(value)]).sort()];
}

/** What belongs to MFA (decisions.md 26), and the duration that AWS takes by itself. */
function isIgnored([name, value]: readonly [string, string]): boolean {
  return name === 'SerialNumber' || name === 'TokenCode' || (name === 'DurationSeconds' && value === '3600');
}

/** Names that no profile gave: `botocore-session-SECONDS`, the user's own, or this person's (decisions.md 10). */
function withoutDefaultName(text: string): string {
  return text.replace(/(^|\/)(botocore-session-\d+|rolekeeper-[\w.-]+|alice|bob|i-0123456789)$/, '$1(default)');
}
