// Whether the store answers, in words. Asks for the list of items, which every store has or lacks without harm.

import { totpNameOf } from '../config/names.ts';
import { type AppError, isAppError } from '../errors.ts';
import { listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { agentStatus } from './tell-agent.ts';

export interface StoreStatus {
  readonly kind?: string;
  readonly description: string;
  readonly answers: boolean;
  /** Names of the keys whose MFA device's secret it holds; absent for none, and where it does not answer. */
  readonly mfaSecrets?: readonly string[];
  readonly problem?: string;
  readonly hint?: string;
}

const deadlineMs = 1_500;

export async function storeStatus(wiring: Wiring): Promise<StoreStatus> {
  try {
    const store = await wiring.openStore({ deadlineMs, prompts: 'never' });
    const { kind, description } = store;
    try {
      const mfaSecrets = (await listItems(store)).flatMap((account) => totpNameOf(account) ?? []);
      return { kind, description, answers: true, ...(mfaSecrets.length === 0 ? {} : { mfaSecrets }) };
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (store.passphraseLock !== undefined && (await agentStatus(wiring))?.unlocked === true) {
        return { kind, description: `${description}, open in the agent`, answers: true };
      }
      return { kind, description, answers: false, ...troubleOf(error) };
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { description: 'none', answers: false, ...troubleOf(error) };
  }
}

function troubleOf({ message, hint }: AppError): Pick<StoreStatus, 'problem' | 'hint'> {
  return { problem: message, ...(hint === undefined ? {} : { hint }) };
}
