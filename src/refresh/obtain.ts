// Gets one hop's credentials: from the store when they will do, else from AWS, after the hop before it.

import { entryRoleArn } from '../config/entry-hop.ts';
import {
  certificateOf,
  describeHop,
  needsCode,
  type Recipe,
  type RoleStep,
  type SessionStep,
  type Step,
  stepsOf,
} from '../config/recipe.ts';
import { type Credentials, localMinute } from '../credentials/credentials.ts';
import type { MfaCode } from '../credentials/mfa-code.ts';
import type { CallContext } from '../credentials/sts-refused-call.ts';
import { AppError, isAppError } from '../errors.ts';
import { certificatePrincipal } from '../hops/certificate-owner.ts';
import { type EntryPorts, requestEntry } from '../hops/entry.ts';
import { keyOwner } from '../hops/key-passphrase.ts';
import { loadPrincipal, shownPrincipal } from '../hops/keys.ts';
import { personOf } from '../hops/person.ts';
import { requestRole } from '../hops/role.ts';
import { requestSession } from '../hops/session.ts';
import type { Network, Sts, StsCall, StsCaller } from '../ports/sts.ts';
import { networkToKeep, recalledNetwork } from './network-memory.ts';
import { type Demand, type Obtained, patientDemand, type RefreshPorts, refreshOne } from './refresh-one.ts';
import { listInState, readStored } from './stored.ts';

export interface ObtainPorts extends RefreshPorts, EntryPorts {
  readonly sts: Sts;
}

/** A recipe whose principal is known, so that its hops have ids. */
export interface Chain {
  readonly recipe: Recipe;
  /** The owner's ARN, what tells temporary keys of one ARN apart, or what names the person where no keys sign. */
  readonly principal: string;
  /** The keys; undefined where the first hop is another way in. */
  readonly caller?: StsCaller;
  readonly steps: readonly Step[];
}

/** Loads the keys, if the recipe starts from some. Throws `keys-missing`, `keys-broken` and what store and STS throw. */
export async function openChain(recipe: Recipe, ports: ObtainPorts, signal?: AbortSignal): Promise<Chain> {
  const { profile, keys, network } = recipe;
  if (keys === undefined) {
    const principal = await principalWithoutKeys(recipe, ports);
    return { recipe, principal, steps: stepsOf(recipe, principal) };
  }
  const context = { profile, loginTarget: recipe.loginTarget, ...callerOf(undefined, recipe) };
  const call = { endpoint: keys.endpoint, network, context, ...(signal === undefined ? {} : { signal }) };
  const { caller, principal } = await loadPrincipal({ profile, keys }, ports, call);
  return { recipe, principal, caller, steps: stepsOf(recipe, principal) };
}

async function principalWithoutKeys(recipe: Recipe, ports: ObtainPorts): Promise<string> {
  const certificate = certificateOf(recipe);
  if (certificate === undefined) return personOf(recipe, ports.state);
  return await certificatePrincipal(certificate, keyOwner(certificate, recipe.profile, ports.store), ports);
}

/** Credentials of the chain's step `index`. Throws `login-needed` where only a person can go on, and what the ports throw. */
export async function obtain(chain: Chain, index: number, wanted: Wanted): Promise<Obtained> {
  const { demand, ports } = wanted;
  const step = stepAt(chain, index);
  const stored = await readStored(step, ports);
  if (stored !== undefined && demand.accepts(stored)) {
    listInState(step, { profile: chain.recipe.profile, stored }, ports);
    return { credentials: stored, isNew: false };
  }
  if (needsCode(step.hop)) throw loginNeeded(chain.recipe, { step, over: stored }, ports);
  return refreshOne(
    {
      profile: chain.recipe.profile,
      step,
      demand,
      issue: (previous, lockWaitMs) =>
        signedBySource(chain, index, { demand: { ...demand, lockWaitMs }, ports }, (source) =>
          request({ chain, index, source, network: networkFor(chain, demand, previous) }, demand.signal, ports),
        ),
    },
    ports,
  );
}

/** Spends an MFA code on the step that takes one. The code is sent once, whatever happens. */
export async function logIn(
  chain: Chain,
  { index, code }: { readonly index: number; readonly code: MfaCode },
  ports: ObtainPorts,
): Promise<Obtained> {
  const step = stepAt(chain, index);
  return refreshOne(
    {
      profile: chain.recipe.profile,
      step,
      demand: patientDemand(() => false),
      issue: () => request({ chain, index, source: chain.caller, network: chain.recipe.network, code }, undefined, ports),
    },
    ports,
  );
}

interface Wanted {
  readonly demand: Demand;
  readonly ports: ObtainPorts;
}

/**
 * Asks AWS with what the hop before yields. A machine that sleeps between the two calls wakes with a source that has ended meanwhile, and is
 * refused: the chain is run once more then, since a failure would be given to everybody and says nothing about the hop.
 */
async function signedBySource<T>(
  chain: Chain,
  index: number,
  wanted: Wanted,
  ask: (source: StsCaller | undefined) => Promise<T>,
): Promise<T> {
  if (index === 0) return await ask(chain.caller);
  const source = await sourceOf(chain, index, wanted);
  try {
    return await ask(source.credentials);
  } catch (error) {
    if (!isRefusedAsEnded(source, error, wanted.ports)) throw error;
    const { profile } = chain.recipe;
    wanted.ports.log.event('source.ended', { profile, hop: describeHop(stepAt(chain, index - 1).hop) });
    return await ask((await sourceOf(chain, index, wanted, source.credentials)).credentials);
  }
}

/** A source must outlive the call that it signs. */
const sourceLeadMs = 60_000;

/** `refused`: AWS does not take these, whatever they say of their end. */
function sourceOf(chain: Chain, index: number, { demand, ports }: Wanted, refused?: Credentials): Promise<Obtained> {
  const accepts: Demand['accepts'] = ({ expiresAt }) =>
    expiresAt - sourceLeadMs > ports.clock.now() && expiresAt !== refused?.expiresAt;
  return obtain(chain, index - 1, { demand: { ...demand, accepts }, ports });
}

/** By our clock, or by AWS's word where they have just been made. Of what was stored before, that word may be the last one: of a revocation. */
function isRefusedAsEnded({ credentials, isNew }: Obtained, error: unknown, { clock }: ObtainPorts): boolean {
  if (!isAppError(error, 'aws-refused') || error.isTransient) return false;
  return credentials.expiresAt <= clock.now() || (isNew && /^ExpiredToken/.test(error.details.awsCode));
}

function loginNeeded(
  { profile, loginTarget }: Recipe,
  { step, over }: { readonly step: Step; readonly over: Credentials | undefined },
  { clock }: ObtainPorts,
): AppError {
  const own = step.kind === 'role' ? ' of its own (its role takes the MFA code itself)' : '';
  const why =
    over === undefined || over.expiresAt > clock.now()
      ? `profile "${profile}" needs ${own === '' ? "today's MFA login" : `an MFA login${own}`}`
      : `profile "${profile}" needs a new MFA login${own}: the last one ended ${localMinute(clock.toLocal(over.expiresAt))}`;
  return new AppError('login-needed', { profile, target: loginTarget, why });
}

// A caller that has no proxy means just that, wherever it was yesterday.
function networkFor({ recipe }: Chain, { recallsNetwork }: Demand, previous: Credentials | undefined): Network {
  return recallsNetwork === true ? { ...recalledNetwork(previous), ...recipe.network } : recipe.network;
}

interface Request {
  readonly chain: Chain;
  readonly index: number;
  /** Undefined for a hop that is a way in of its own. */
  readonly source: StsCaller | undefined;
  readonly network: Network;
  readonly code?: MfaCode;
}

async function request(
  { chain, index, source, network, code }: Request,
  signal: AbortSignal | undefined,
  ports: ObtainPorts,
): Promise<Credentials> {
  const step = stepAt(chain, index);
  const context = contextOf(chain, index);
  const way = { network, context, ...(signal === undefined ? {} : { signal }) };
  const credentials = await (step.kind === 'entry'
    ? requestEntry(step, { ...way, profile: chain.recipe.chain.at(-1) ?? chain.recipe.profile }, ports)
    : requestSigned(step, { ...way, source, code }, ports));
  return { ...credentials, network: networkToKeep(network) };
}

interface Signing extends Omit<StsCall, 'caller' | 'endpoint'> {
  readonly source: StsCaller | undefined;
  readonly code: MfaCode | undefined;
}

async function requestSigned(
  step: SessionStep | RoleStep,
  { source, code, ...way }: Signing,
  { sts }: ObtainPorts,
): Promise<Credentials> {
  if (source === undefined) throw new AppError('unexpected', { problem: `nothing signs for ${describeHop(step.hop)}` });
  const options = { sts, call: { ...way, caller: source, endpoint: step.hop.endpoint }, ...(code === undefined ? {} : { code }) };
  return await (step.kind === 'session' ? requestSession(step, options) : requestRole(step, options));
}

/** For the words of a refusal: who asks, as policies name it. */
function contextOf({ recipe, principal, steps }: Chain, index: number): CallContext {
  const { profile, loginTarget } = recipe;
  const source = steps[index - 1];
  const sessionMfaSerial = source?.kind === 'session' ? source.hop.mfaSerial : undefined;
  return {
    profile,
    loginTarget,
    ...callerOf(source, recipe, principal),
    ...(sessionMfaSerial === undefined ? {} : { sessionMfaSerial }),
    ...(recipe.unused === undefined ? {} : { unused: recipe.unused }),
  };
}

/** `principal` is not known where STS is asked for it. */
function callerOf(
  source: Step | undefined,
  { keys }: Recipe,
  principal?: string,
): Pick<CallContext, 'callerArn' | 'callerKind' | 'areKeysOfCaller'> {
  const owner = principal === undefined ? {} : { callerArn: shownPrincipal(principal) };
  switch (source?.kind) {
    case undefined:
      return { ...owner, callerKind: 'keys', ...(keys?.ofCaller === undefined ? {} : { areKeysOfCaller: true }) };
    case 'session':
      return { ...owner, callerKind: 'session' };
    case 'role':
      return { callerArn: source.request.roleArn, callerKind: 'role' };
    case 'entry': {
      const callerArn = entryRoleArn(source.hop);
      return { callerKind: 'role', ...(callerArn === undefined ? {} : { callerArn }) };
    }
    default:
      return source satisfies never;
  }
}

function stepAt({ steps, recipe }: Chain, index: number): Step {
  const step = steps[index];
  if (step === undefined) throw new AppError('unexpected', { problem: `profile "${recipe.profile}" has no hop ${index}` });
  return step;
}
