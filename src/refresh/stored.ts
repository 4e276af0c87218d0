// One hop's credentials as the store has them. A broken item is set aside as absent: the next refresh overwrites it.

import type { ProfileName } from '../config/names.ts';
import { recordKind, type Step } from '../config/recipe.ts';
import { type Credentials, parseCredentialsItem } from '../credentials/credentials.ts';
import type { Life } from '../credentials/plan.ts';
import { isAppError } from '../errors.ts';
import type { Log } from '../ports/log.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';

/** Undefined when there is none, or none that can be read. Throws what the store throws, and `format-newer`. */
export async function readStored(
  { account }: Pick<Step, 'account'>,
  { store, log }: { readonly store: Store; readonly log: Log },
): Promise<Credentials | undefined> {
  const item = await store.get(account);
  if (item === undefined) return undefined;
  const parsed = parseCredentialsItem(item, account);
  if (parsed.kind === 'ok') return parsed.value;
  log.event('item.broken', { account, problem: parsed.problem });
  return undefined;
}

interface Found {
  /** Of whoever asks. */
  readonly profile: ProfileName;
  readonly stored: Life;
}

interface StatePorts {
  readonly state: State;
  readonly log: Log;
}

/** Somebody wants these: notes that, and lists them. */
export function noteWanted(step: Step, found: Found, ports: StatePorts): void {
  ports.state.noteAsked(step.id);
  listInState(step, found, ports);
}

/**
 * Lists in the state what the store has, where a crash between the two writes kept it out of there, or the state was lost: the background refreshes
 * only what is listed. Never throws for a state that cannot be written: the caller has the credentials.
 */
export function listInState(step: Step, { profile, stored }: Found, { state, log }: StatePorts): void {
  const record = state.read(step.id);
  const { issuedAt, expiresAt } = stored;
  if (record !== undefined && record.expiresAt !== undefined && record.expiresAt >= expiresAt) return;
  try {
    state.publish({ ...record, id: step.id, kind: recordKind(step), profile, issuedAt, expiresAt });
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.event('state.unwritable', { problem: error.message });
  }
}
