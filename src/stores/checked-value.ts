// What no store takes, whatever it could bear: one list of refusals for all of them, applied before the store is asked.

import type { Account } from '../config/names.ts';
import type { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';

/** The service of every item of ours, in each keychain. */
export const serviceName = 'rolekeeper';

/**
 * The value as text. Throws `store-rejected` for an empty one (some keychains read it back as "absent"), one with NUL (some cut it off
 * there), one with half a surrogate pair (it would come back changed) and one over 4 MiB.
 */
export function checkedValue(store: string, account: Account, value: Secret): string {
  const text = value.reveal();
  const problem = problemOf(text);
  if (problem !== undefined) throw new AppError('store-rejected', { store, account, problem });
  return text;
}

const maxBytes = 4 * 1024 * 1024;

function problemOf(text: string): string | undefined {
  if (text === '') return 'the value is empty';
  if (text.includes('\0')) return 'the value holds a NUL character';
  if (/\p{Cs}/u.test(text)) return 'the value is not valid Unicode';
  return Buffer.byteLength(text) > maxBytes ? 'the value is over 4 MiB' : undefined;
}
