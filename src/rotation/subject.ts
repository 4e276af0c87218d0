// Whose keys a rotation is about, and the ways to AWS for it: out of a recipe and what store and files say.

import { parseProfileName } from '../config/names.ts';
import { type ConfigFiles, profileSettings } from '../config/profile-settings.ts';
import { keysOf, type Recipe, stepsOf } from '../config/recipe.ts';
import { resolveIamEndpoint } from '../config/sts-endpoint.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { StsCaller, StsEndpoint } from '../ports/sts.ts';
import type { Clock } from '../ports/time.ts';
import { readStored } from '../refresh/stored.ts';
import { currentKeys, type RotatePorts, refused, type Subject } from './rotate-keys.ts';

/** Undefined for an ARN that is no user's. */
export function userNameOf(userArn: string): string | undefined {
  return /^arn:[^:]+:iam::\d+:user\/(?:.*\/)?([^/]+)$/.exec(userArn)?.[1];
}

/** Throws `keys-missing`, `keys-broken`, and `rotation-refused` for keys that are no user's. */
export async function subjectOf(
  recipe: Recipe,
  { iamEndpoint, log }: { readonly iamEndpoint: StsEndpoint; readonly log: Log },
  { store, clock }: Pick<RotatePorts, 'store' | 'clock'>,
): Promise<Subject> {
  const { network, loginTarget, profile } = recipe;
  const keys = keysOf(recipe);
  const context = { profile, loginTarget };
  const { userArn } = await currentKeys({ name: keys.name, context }, { store });
  const userName = userNameOf(userArn);
  if (userName === undefined) {
    throw refused(keys.name, `they are of ${userArn}, which is no IAM user`, 'rotate keeps to users: take the keys of one');
  }
  const session = await sessionOf(recipe, userArn, { store, clock, log });
  return {
    name: keys.name,
    userArn,
    userName,
    iamEndpoint,
    session,
    route: { endpoint: keys.endpoint, network },
    context: { ...context, callerArn: userArn },
  };
}

/** It has to last for all of a rotation. */
const sessionLeadMs = 300_000;

/** Without MFA, IAM takes no session at all (sdk-contract.md 20). */
async function sessionOf(
  recipe: Recipe,
  userArn: string,
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
): Promise<StsCaller | undefined> {
  const [step] = stepsOf(recipe, userArn);
  if (step?.kind !== 'session' || step.hop.mfaSerial === undefined) return undefined;
  const stored = await readStored(step, { store, log });
  return stored !== undefined && stored.expiresAt - sessionLeadMs > clock.now() ? stored : undefined;
}

/** Of the profile that the keys are in, as for STS. Throws `recipe-invalid`. */
export function iamEndpointOf(
  { chain, profile }: Recipe,
  { files, env }: { readonly files: ConfigFiles; readonly env: Environment },
): StsEndpoint {
  const settings = profileSettings(parseProfileName(chain.at(-1) ?? profile), files);
  const endpoint = resolveIamEndpoint({
    settings: (key) => settings?.get(key),
    services: (service, key) => settings?.service(service, key),
    env,
  });
  if (endpoint.kind === 'ok') return endpoint.value;
  throw new AppError('recipe-invalid', {
    profile,
    problem: endpoint.problem,
    chain: [],
    hint: 'check its region and endpoint_url',
  });
}
