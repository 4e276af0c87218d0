// How long a hop's credentials may live, and why: AWS's limits in words (sdk-contract.md, STS). Pure; for `explain`.

import { describeHop, givenKeys, type Hop, needsCode, type Recipe, type RoleHop } from './recipe.ts';

/** The limits on the recipe's hop `index`. `configuredSeconds` is what the profile asks of a role, before it was lowered. */
export function durationCaps(recipe: Recipe, index: number, configuredSeconds: number | undefined): readonly string[] {
  const hop = recipe.hops[index];
  if (hop === undefined) return [];
  if (hop.kind === 'session') return ["129600 s at most: AWS's limit for a session of a user's keys (GetSessionToken)"];
  if (hop.kind !== 'role') return [];
  return [...lifeCaps(hop, { recipe, index, configuredSeconds }), ...sessionCaps(recipe, index)];
}

interface CapInputs {
  readonly recipe: Recipe;
  readonly index: number;
  readonly configuredSeconds: number | undefined;
}

function lifeCaps(hop: RoleHop, { recipe, index, configuredSeconds }: CapInputs): readonly string[] {
  const signer = temporarySigner(recipe, index);
  if (signer === undefined) {
    const code = hop.mfaSerial === undefined ? '' : ' (the MFA code is spent on this role itself)';
    return [
      `43200 s at most, and no more than the role's MaxSessionDuration: long-term keys sign it${code}, so it is not chained`,
    ];
  }
  const { durationSeconds } = hop.request;
  const isLowered = (configuredSeconds ?? 0) > durationSeconds;
  const lowered = isLowered ? `; ${configuredSeconds} was lowered to ${durationSeconds}` : '';
  return [`3600 s at most: ${signer} signs it, which AWS counts as role chaining${lowered}`];
}

function temporarySigner({ hops, keys }: Recipe, index: number): string | undefined {
  const before = hops[index - 1];
  if (before !== undefined) return signerWords(before);
  return keys && givenKeys(keys)?.sessionToken ? 'a temporary key' : undefined;
}

function signerWords(hop: Hop): string {
  if (hop.kind === 'session') return 'the session';
  return hop.kind === 'role' ? 'another role' : describeHop(hop);
}

function sessionCaps({ hops }: Recipe, index: number): readonly string[] {
  const before = hops.slice(0, index).find(needsCode);
  if (before === undefined) return [];
  const what = before.kind === 'session' ? 'the MFA session lasts' : 'the role that took the MFA code lasts';
  return [`made anew for as long as ${what}; then a login is needed`];
}
