// The first link of every chain: the user's long-term keys, with the user they belong to.

import { keysLack } from '../config/caller-bound.ts';
import { keysAccount, type ProfileName, parseProfileName } from '../config/names.ts';
import { certificateOf, type GivenKeys, givenKeys, type KeysSource, type Recipe } from '../config/recipe.ts';
import { type Keys, type KeysDocument, parseKeysItem } from '../credentials/credentials.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { AppError } from '../errors.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import type { Sts, StsCall, StsCaller } from '../ports/sts.ts';
import { knownCertificate, lastCertificate, type Owners } from './certificate-owner.ts';
import { personOf } from './person.ts';

/** What signs the next call, and whose it is. */
export interface Principal {
  readonly caller: StsCaller;
  /** The owner's ARN, or what tells temporary keys of one ARN apart. */
  readonly principal: string;
}

/** How STS is asked who somebody is. */
export type IdentityCall = Omit<StsCall, 'caller'>;

/**
 * The keys of the store, else those of the file; those of the caller's environment where the recipe says so. Throws `keys-missing`,
 * `keys-broken`, `environment-lacks` and what store and STS throw; STS is asked only for
 * the owner of plaintext keys that were never seen before.
 */
export async function loadPrincipal(
  { keys, profile }: { readonly keys: KeysSource; readonly profile: ProfileName },
  ports: { readonly store: Store; readonly state: State; readonly sts: Sts },
  call: IdentityCall,
): Promise<Principal> {
  if (keys.ofCaller === 'absent') throw keysLack(profile);
  if (keys.ofCaller !== undefined) return givenPrincipal(keys.ofCaller, ports, call);
  const stored = await loadStoredKeys(keys.name, ports.store);
  if (stored !== undefined) {
    rememberPrincipal(ports.state, keys.name, stored.userArn);
    return { caller: stored, principal: stored.userArn };
  }
  if (keys.plaintext === undefined) throw new AppError('keys-missing', { keys: keys.name, profile });
  return givenPrincipal(keys.plaintext, ports, call);
}

/** Undefined when the store has none. Throws `keys-broken`: such an item is left where it is, since nothing can rebuild it. */
export async function loadStoredKeys(name: ProfileName, store: Store): Promise<Keys | undefined> {
  const account = keysAccount(name);
  const item = await store.get(account);
  if (item === undefined) return undefined;
  const parsed = parseKeysItem(item, account);
  if (parsed.kind === 'broken') throw new AppError('keys-broken', { keys: name, problem: parsed.problem });
  return parsed.value;
}

/** The keys as they are, for `session = none`: no hop, no end. Throws `keys-missing`, `keys-broken` and what the store throws. */
export async function loadKeysThemselves(
  { keys, profile }: { readonly keys: KeysSource; readonly profile: ProfileName },
  store: Store,
): Promise<KeysDocument> {
  const found = (await loadStoredKeys(keys.name, store)) ?? keys.plaintext;
  if (found === undefined) throw new AppError('keys-missing', { keys: keys.name, profile });
  return found;
}

/**
 * Whom the recipe's credentials belong to: the owner of the keys as the state remembers it, so that a cached answer needs neither the keys
 * nor STS; of a certificate, whose that is; else the person who runs this, for the default session names (decisions.md 10).
 */
export function knownPrincipal(
  recipe: Pick<Recipe, 'keys' | 'hops'>,
  state: Owners & Pick<State, 'machineName'>,
): string | undefined {
  const { keys } = recipe;
  const certificate = certificateOf(recipe);
  if (certificate !== undefined) return knownCertificate(certificate, state)?.principal;
  if (keys === undefined) return personOf(recipe, state);
  const given = givenKeys(keys);
  const byGiven = given === undefined ? undefined : knownOwner(given, state);
  return keys.ofCaller === undefined ? (state.principal(keys.name) ?? byGiven) : byGiven;
}

/** The same, where the work itself looks once more whose they are: a certificate that was renewed is not overlooked until somebody asks. */
export function lastPrincipal(
  recipe: Pick<Recipe, 'keys' | 'hops'>,
  state: Owners & Pick<State, 'machineName'>,
): string | undefined {
  const certificate = certificateOf(recipe);
  return certificate === undefined ? knownPrincipal(recipe, state) : lastCertificate(certificate, state)?.principal;
}

/** For people, and as policies name it: of temporary keys the ARN alone. */
export function shownPrincipal(principal: string): string {
  return principal.replace(/^[0-9a-f]{32}\/(?=arn:)/, '');
}

async function givenPrincipal(
  given: GivenKeys,
  { state, sts }: { readonly state: State; readonly sts: Sts },
  call: IdentityCall,
): Promise<Principal> {
  const { accessKeyId, secretAccessKey, sessionToken } = given;
  const caller = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const known = knownOwner(given, state);
  if (known !== undefined) return { caller, principal: known };
  const { arn } = await sts.getCallerIdentity({ ...call, caller });
  rememberPrincipal(state, aliasOf(given), arn);
  return { caller, principal: principalOf(given, arn) };
}

function knownOwner(given: GivenKeys, state: Pick<State, 'principal'>): string | undefined {
  const arn = state.principal(aliasOf(given));
  return arn === undefined ? undefined : principalOf(given, arn);
}

// Two sessions of one role and one name have one ARN, and may have another source identity or other tags. At its end the ARN names sessions.
function principalOf({ accessKeyId, sessionToken }: GivenKeys, arn: string): string {
  return sessionToken === undefined ? arn : `${digestOf(accessKeyId)}/${arn}`;
}

// Keys in a file, or in the environment, change hands without telling us, so their owner is remembered under the key itself, hashed.
function aliasOf({ accessKeyId }: GivenKeys): ProfileName {
  return parseProfileName(`file:${digestOf(accessKeyId)}`);
}

function digestOf(accessKeyId: string): string {
  return sha256Hex(accessKeyId).slice(0, 32);
}

// The state is only a copy: where it cannot be written, the next call asks again.
function rememberPrincipal(state: State, name: ProfileName, userArn: string): void {
  if (state.principal(name) === userArn) return;
  try {
    state.rememberPrincipal(name, userArn);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}
