// Puts long-term keys into the store so that they cannot be lost: asked whose they are, stored, read back, tried. Shared by import and add.

import { keysAccount, type ProfileName, parseProfileName } from '../config/names.ts';
import { type Keys, toKeysItem } from '../credentials/credentials.ts';
import type { Secret } from '../credentials/secret.ts';
import { AppError, isAppError } from '../errors.ts';
import { loadStoredKeys } from '../hops/keys.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import type { Network, StsEndpoint } from '../ports/sts.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';

export interface NewKeys {
  readonly name: ProfileName;
  /** For whom. */
  readonly profile: ProfileName;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** How to take them under another name, for the error. */
  readonly renamed: (name: string) => string;
}

export interface Route {
  readonly endpoint: StsEndpoint;
  readonly network: Network;
}

/** Asks AWS whose keys these are, and refuses to put them over another user's. Changes nothing. */
export async function identifyKeys(
  { name, profile, accessKeyId, secretAccessKey, renamed }: NewKeys,
  route: Route,
  { sts, store, state }: Pick<ObtainPorts, 'sts' | 'store' | 'state'>,
): Promise<Keys> {
  const { arn } = await sts.getCallerIdentity({
    ...route,
    caller: { accessKeyId, secretAccessKey },
    context: { profile, loginTarget: profile, callerKind: 'keys' },
  });
  const storedArn = await ownerOf(name, { store, state });
  if (storedArn !== undefined && storedArn !== arn) {
    const proposal = `keep both: ${renamed(parseProfileName(`${name}-${arn.split('/').at(-1) ?? '2'}`))}`;
    throw new AppError('keys-of-another-user', { keys: name, storedArn, newArn: arn, proposal });
  }
  return { accessKeyId, secretAccessKey, userArn: arn };
}

// To put the keys in again is the way out of a broken item; whose it was, only the state's copy can tell.
async function ownerOf(
  name: ProfileName,
  { store, state }: { readonly store: Store; readonly state: State },
): Promise<string | undefined> {
  try {
    return (await loadStoredKeys(name, store))?.userArn;
  } catch (error) {
    if (!isAppError(error, 'keys-broken')) throw error;
    return state.principal(name);
  }
}

/** True when the store has nothing under this name; what is there and broken counts as something. */
export async function isUnused(name: ProfileName, store: Store): Promise<boolean> {
  try {
    return (await loadStoredKeys(name, store)) === undefined;
  } catch (error) {
    if (!isAppError(error, 'keys-broken')) throw error;
    return false;
  }
}

/** Stores the keys, reads them back and tries what was read with AWS. When this returns, the store is all that is needed. */
export async function storeKeys(
  keys: Keys,
  name: ProfileName,
  { route, ports }: { readonly route: Route; readonly ports: ObtainPorts },
): Promise<void> {
  const account = keysAccount(name);
  await ports.remember(account);
  faultPoint('keys listed');
  await ports.store.set(account, toKeysItem(keys, account));
  faultPoint('keys stored');
  const readBack = await loadStoredKeys(name, ports.store);
  if (readBack === undefined || readBack.secretAccessKey.reveal() !== keys.secretAccessKey.reveal()) {
    throw new AppError('store-rejected', {
      store: ports.store.description,
      account,
      problem: 'what was read back is not what was written',
    });
  }
  const { arn } = await ports.sts.getCallerIdentity({ ...route, caller: readBack });
  ports.state.rememberPrincipal(name, arn);
  faultPoint('keys verified');
}
