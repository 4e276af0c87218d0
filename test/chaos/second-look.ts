// A caller failed. Was there something valid that it could have been given? Asks the store and the agent themselves, not a model of them.

import type { Account } from '../../src/config/names.ts';
import { parseCredentialsItem } from '../../src/credentials/credentials.ts';
import { isAppError } from '../../src/errors.ts';
import type { Store } from '../../src/ports/store.ts';
import { listItems } from '../../src/stores/item-index.ts';
import type { Call } from './callers.ts';
import type { ChaosWorld } from './chaos-world.ts';

export interface WithinReach {
  /** The store answered all the time. */
  readonly hasStore: boolean;
  /** An agent ran all the time, and nothing was done to it. */
  readonly hasAgent: boolean;
}

const storeDeadlineMs = 2_000;
/** Memory answers at once; a refresh takes longer than this. */
const memoryMs = 200;
/** Something that ends while it is asked for is of no use. */
const leftMs = 10_000;

/** In words, what would have done; undefined for nothing. */
export async function wasWithinReach(
  call: Call,
  roleArn: string,
  { reach, chaos }: { readonly reach: WithinReach; readonly chaos: ChaosWorld },
): Promise<string | undefined> {
  const isUsable = (accessKeyId: string) => {
    const issued = chaos.tap.issued(accessKeyId);
    if (issued === undefined || issued.roleArn !== roleArn || issued.seconds !== call.profile.seconds) return false;
    return issued.at < call.startedAt && issued.expiresAt > chaos.clock.awsNow() + leftMs;
  };
  if (reach.hasStore && (await chaos.withStore(storeDeadlineMs, (store) => inStore(store, isUsable)).catch(unreachable))) {
    return 'the store had valid ones';
  }
  if (reach.hasAgent && isUsable(accessKeyIn(await chaos.askAgent(call.profile.name, memoryMs))))
    return 'the agent had valid ones';
  return undefined;
}

async function inStore(store: Store, isUsable: (accessKeyId: string) => boolean): Promise<boolean> {
  for (const account of await listItems(store)) {
    if (account.startsWith('role/') && isUsable(await accessKeyOf(store, account))) return true;
  }
  return false;
}

async function accessKeyOf(store: Store, account: Account): Promise<string> {
  const item = await store.get(account);
  const parsed = item === undefined ? undefined : parseCredentialsItem(item, account);
  return parsed?.kind === 'ok' ? parsed.value.accessKeyId : '';
}

function accessKeyIn(document: string | undefined): string {
  return /"AccessKeyId":"([A-Z0-9]+)"/.exec(document ?? '')?.[1] ?? '';
}

/** The next fault is at the keyring: nobody can tell any more what was in it. */
function unreachable(error: unknown): boolean {
  if (isAppError(error, 'store-locked', 'store-unavailable')) return false;
  throw error;
}
