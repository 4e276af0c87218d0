// Gets one hop's credentials: from the store when they will do, else from AWS, after the hop before it.

import { needsCode, type Recipe, type Step, stepsOf } from '../config/recipe.ts';
import { type Credentials, localMinute } from '../credentials/credentials.ts';
import type { MfaCode } from '../credentials/mfa-code.ts';
import type { CallContext } from '../credentials/sts-refusal.ts';
import { AppError } from '../errors.ts';
import { loadPrincipal, type Principal } from '../hops/keys.ts';
import { requestRole } from '../hops/role.ts';
import { requestSession } from '../hops/session.ts';
import type { Sts, StsCaller } from '../ports/sts.ts';
import { networkToKeep, recalledNetwork } from './network-memory.ts';
import { type Demand, type Obtained, patientDemand, type RefreshPorts, refreshOne } from './refresh-one.ts';
import { readStored } from './stored.ts';

export interface ObtainPorts extends RefreshPorts {
  readonly sts: Sts;
}

/** A recipe whose principal is known, so that its hops have ids. */
export interface Chain {
  readonly recipe: Recipe;
  readonly principal: Principal;
  readonly steps: readonly Step[];
}

/** Loads the keys. Throws `keys-missing`, `keys-broken` and what store and STS throw. */
export async function openChain(recipe: Recipe, ports: ObtainPorts, signal?: AbortSignal): Promise<Chain> {
  const { keys, network } = recipe;
  const call = { endpoint: keys.endpoint, network, ...(signal === undefined ? {} : { signal }) };
  const principal = await loadPrincipal(recipe, ports, call);
  return { recipe, principal, steps: stepsOf(recipe, principal.userArn) };
}

/** Credentials of the chain's step `index`. Throws `login-needed` where only a person can go on, and what the ports throw. */
export async function obtain(
  chain: Chain,
  index: number,
  wanted: { readonly demand: Demand; readonly ports: ObtainPorts },
): Promise<Obtained> {
  const { demand, ports } = wanted;
  const step = stepAt(chain, index);
  const stored = await readStored(step, ports);
  if (stored !== undefined && demand.accepts(stored)) return { credentials: stored, isNew: false };
  if (needsCode(step.hop)) throw loginNeeded(chain.recipe, { step, over: stored }, ports);
  return refreshOne(
    {
      profile: chain.recipe.profile,
      step,
      demand,
      issue: async (previous) => {
        const source = await sourceOf(chain, index, wanted);
        return request({ chain, index, source, previous }, demand.signal, ports);
      },
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
      issue: (previous) => request({ chain, index, source: chain.principal.caller, previous, code }, undefined, ports),
    },
    ports,
  );
}

/** A source must outlive the call that it signs. */
const sourceLeadMs = 60_000;

async function sourceOf(
  chain: Chain,
  index: number,
  { demand, ports }: { readonly demand: Demand; readonly ports: ObtainPorts },
): Promise<StsCaller> {
  if (index === 0) return chain.principal.caller;
  const accepts: Demand['accepts'] = ({ expiresAt }) => expiresAt - sourceLeadMs > ports.clock.now();
  return (await obtain(chain, index - 1, { demand: { ...demand, accepts }, ports })).credentials;
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

interface Request {
  readonly chain: Chain;
  readonly index: number;
  readonly source: StsCaller;
  readonly previous: Credentials | undefined;
  readonly code?: MfaCode;
}

async function request(
  { chain, index, source, previous, code }: Request,
  signal: AbortSignal | undefined,
  { sts }: ObtainPorts,
): Promise<Credentials> {
  const step = stepAt(chain, index);
  const network = { ...recalledNetwork(previous), ...chain.recipe.network };
  const context = contextOf(chain, index);
  const call = { caller: source, endpoint: step.hop.endpoint, network, context, ...(signal === undefined ? {} : { signal }) };
  const options = { sts, call, ...(code === undefined ? {} : { code }) };
  const credentials = await (step.kind === 'session' ? requestSession(step, options) : requestRole(step, options));
  return { ...credentials, network: networkToKeep(network) };
}

/** For the words of a refusal: who asks, as policies name it. */
function contextOf({ recipe, principal, steps }: Chain, index: number): CallContext {
  const { profile, loginTarget } = recipe;
  const source = steps[index - 1];
  const sessionMfaSerial = source?.kind === 'session' ? source.hop.mfaSerial : undefined;
  return {
    profile,
    loginTarget,
    callerArn: source?.kind === 'role' ? source.request.roleArn : principal.userArn,
    callerKind: source?.kind ?? 'keys',
    ...(sessionMfaSerial === undefined ? {} : { sessionMfaSerial }),
    ...(recipe.unused === undefined ? {} : { unused: recipe.unused }),
  };
}

function stepAt({ steps, recipe }: Chain, index: number): Step {
  const step = steps[index];
  if (step === undefined) throw new AppError('unexpected', { problem: `profile "${recipe.profile}" has no hop ${index}` });
  return step;
}
