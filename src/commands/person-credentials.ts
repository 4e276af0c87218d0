// Credentials for the commands of a person (exec, env): like `get`, but the keychain may ask, and nothing has to be done in 4 s.

import { type ProfileName, parseProfileName } from '../config/names.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { isoSeconds, keySuffix, parseProcessJson } from '../credentials/credentials.ts';
import { isComfortable, isValid } from '../credentials/plan.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError, isAppError, toAppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import type { StsCaller } from '../ports/sts.ts';
import { type Chain, type ObtainPorts, obtain, openChain } from '../refresh/obtain.ts';
import { type Obtained, patientDemand } from '../refresh/refresh-one.ts';
import { readStored } from '../refresh/stored.ts';
import type { Wiring } from '../wiring.ts';

export interface PersonCredentials {
  readonly caller: StsCaller;
  readonly region?: string;
  /** On the local clock; absent for long-term keys. */
  readonly localExpiresAt?: number;
  /** As in the document that `get` prints. */
  readonly accountId?: string;
}

/** Undefined: must not be there, or one of another profile would be taken for a part of these credentials. */
export interface Variable {
  readonly name: string;
  readonly value: Secret | undefined;
  /** Not even empty: botocore looks for the profile without a name then. */
  readonly isNeverEmpty?: boolean;
}

const storeDeadlineMs = 60_000;
/** More than a `get` in the agent may take. */
const agentWaitMs = 5_000;

/** Throws AppError, as `get` does. `verb` is for the audit trail. */
export async function obtainForPerson(rawProfile: string, verb: 'exec' | 'env', wiring: Wiring): Promise<PersonCredentials> {
  const profile = parseProfileName(rawProfile);
  try {
    const { isNew = false, ...given } = await obtainThem(profile, wiring);
    const outcome = isNew ? 'refreshed' : 'cached';
    await wiring.noteAnswer({ verb, profile, outcome, keySuffix: keySuffix(given.caller.accessKeyId) });
    return given;
  } catch (error) {
    await wiring.noteAnswer({ verb, profile, outcome: 'failed', code: toAppError(error).code });
    throw error;
  }
}

async function obtainThem(profile: ProfileName, wiring: Wiring): Promise<PersonCredentials & { readonly isNew?: boolean }> {
  const files = wiring.readConfig();
  const recipe = resolveRecipe(profile, files, wiring.env);
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }, unlockFirst);
  const region = recipe.region === undefined ? {} : { region: recipe.region };
  try {
    const given = isLockedHere(store) ? await credentialsOfAgent(profile, wiring) : undefined;
    if (given !== undefined) return { ...given, ...region };
    const ports = await wiring.openRefresh(store);
    const chain = await openChain(recipe, ports);
    if (chain.caller !== undefined && chain.steps.length === 0) return { caller: chain.caller, ...region };
    const { credentials, isNew } = await comfortableOrValid(chain, ports);
    const { accountId, expiresAt } = credentials;
    const account = accountId === undefined ? {} : { accountId };
    return { isNew, caller: credentials, localExpiresAt: wiring.clock.toLocal(expiresAt), ...account, ...region };
  } catch (error) {
    // As in `get`: a store that is closed takes nothing away.
    const given = isAppError(error, 'store-locked', 'store-unavailable') ? await credentialsOfAgent(profile, wiring) : undefined;
    if (given === undefined) throw error;
    return { ...given, ...region };
  } finally {
    await store.close();
  }
}

/** All that AWS's CLI and SDKs read as one set of credentials; the region only where the profile has one. */
export function credentialVariables(given: PersonCredentials): readonly Variable[] {
  const { caller, region, localExpiresAt, accountId } = given;
  const { accessKeyId, secretAccessKey, sessionToken } = caller;
  return [
    { name: 'AWS_ACCESS_KEY_ID', value: new Secret(accessKeyId) },
    { name: 'AWS_SECRET_ACCESS_KEY', value: secretAccessKey },
    { name: 'AWS_SESSION_TOKEN', value: sessionToken },
    // The token's old name, which botocore still reads.
    { name: 'AWS_SECURITY_TOKEN', value: undefined },
    {
      name: 'AWS_CREDENTIAL_EXPIRATION',
      value: localExpiresAt === undefined ? undefined : new Secret(isoSeconds(localExpiresAt)),
    },
    { name: 'AWS_ACCOUNT_ID', value: accountId === undefined ? undefined : new Secret(accountId) },
    { name: 'AWS_CREDENTIAL_SCOPE', value: undefined },
    // A profile beside the credentials would win over them in some SDKs, or lead back to us.
    { name: 'AWS_PROFILE', value: undefined, isNeverEmpty: true },
    { name: 'AWS_DEFAULT_PROFILE', value: undefined, isNeverEmpty: true },
    ...(region === undefined ? [] : ['AWS_REGION', 'AWS_DEFAULT_REGION'].map((name) => ({ name, value: new Secret(region) }))),
  ];
}

/** The next try then goes by way of the agent. */
function unlockFirst(): Promise<never> {
  const instead = 'run `rolekeeper unlock`; without a terminal it reads the passphrase from stdin';
  return Promise.reject(new AppError('no-terminal', { command: 'the age store', instead }));
}

/** The agent may have it open: then nobody has to type the passphrase. */
function isLockedHere({ passphraseLock }: Store): boolean {
  return passphraseLock?.isInUse() === true && !passphraseLock.isOpen();
}

/** Undefined where no agent answers, or none that has the store open. */
async function credentialsOfAgent(profile: string, wiring: Wiring): Promise<PersonCredentials | undefined> {
  const { documentOfAgent } = await import('./tell-agent.ts');
  const document = await documentOfAgent(profile, agentWaitMs, wiring);
  if (document === undefined) return undefined;
  const parsed = parseProcessJson(document.toString('utf8'));
  document.fill(0);
  if (parsed === undefined) return undefined;
  const { localExpiresAt, accountId, ...caller } = parsed;
  const end = localExpiresAt === undefined ? {} : { localExpiresAt };
  return { caller, ...end, ...(accountId === undefined ? {} : { accountId }) };
}

async function comfortableOrValid(chain: Chain, ports: ObtainPorts): Promise<Obtained> {
  const index = chain.steps.length - 1;
  const demand = patientDemand((life) => isComfortable(life, ports.clock.now()));
  try {
    return await obtain(chain, index, { demand, ports });
  } catch (error) {
    const last = chain.steps[index];
    const stored = last === undefined ? undefined : await readStored(last, ports);
    if (stored === undefined || !isValid(stored, ports.clock.now()) || !isAppError(error)) throw error;
    return { credentials: stored, isNew: false };
  }
}
