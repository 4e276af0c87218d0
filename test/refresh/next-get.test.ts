import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type Recipe, recordKind, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { AppError } from '../../src/errors.ts';
import type { Environment } from '../../src/ports/environment.ts';
import type { StateRecord } from '../../src/ports/state.ts';
import { nextGet, refreshDueAt } from '../../src/refresh/next-get.ts';

const minute = 60_000;
const now = Date.UTC(2026, 0, 2, 8);
const serial = 'arn:aws:iam::123456789012:mfa/alice';
const config = `[profile corp]
mfa_serial = ${serial}
[rolekeeper dev]
role_arn = arn:aws:iam::222233334444:role/Dev
source_profile = corp
[rolekeeper long]
role_arn = arn:aws:iam::222233334444:role/Long
source_profile = corp
duration_seconds = 43200
[rolekeeper bare]
session = none
[rolekeeper job]
role_arn = arn:aws:iam::222233334444:role/Dev
credential_source = Environment
[rolekeeper task]
role_arn = arn:aws:iam::222233334444:role/Dev
credential_source = EcsContainer
[rolekeeper tool]
credential_process = /opt/tool
[rolekeeper behind-tool]
role_arn = arn:aws:iam::222233334444:role/Dev
source_profile = tool
[rolekeeper build]
certificate = /pki/build.pem
role_arn = arn:aws:iam::222233334444:role/Dev
trust_anchor_arn = arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/1
profile_arn = arn:aws:rolesanywhere:eu-west-1:123456789012:profile/1
[rolekeeper portal]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 222233334444
sso_role_name = Admin
`;

function recipeOf(profile: string, env: Environment = {}): Recipe {
  const files = { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile('', 'credentials') };
  return resolveRecipe(parseProfileName(profile), files, env);
}

interface Lived {
  readonly agoMs: number;
  readonly leftMs: number;
  readonly hasFailed?: boolean;
  readonly wasRefused?: boolean;
}

function recordsOf(recipe: Recipe, lives: readonly (Lived | undefined)[]): readonly (StateRecord | undefined)[] {
  const steps = stepsOf(recipe, 'arn:aws:iam::123456789012:user/alice');
  const lost = new AppError('network', { endpoint: 'sts', problem: 'down' });
  const refused = new AppError('aws-refused', {
    doing: 'it',
    awsCode: 'AccessDenied',
    words: 'no',
    hint: 'h',
    isTransient: false,
  });
  return steps.map((step, index) => {
    const life = lives[index];
    if (life === undefined) return undefined;
    const record = {
      id: step.id,
      kind: recordKind(step),
      profile: recipe.profile,
      issuedAt: now - life.agoMs,
      expiresAt: now + life.leftMs,
    };
    const error = life.wasRefused === true ? refused : lost;
    const failure = { error: error.toStored(), at: now - 1, count: 1, retryAt: now + minute };
    return life.hasFailed === true || life.wasRefused === true ? { ...record, failure } : record;
  });
}

function next(profile: string, lives: readonly (Lived | undefined)[]) {
  const recipe = recipeOf(profile);
  return nextGet({ recipe, records: recordsOf(recipe, lives), now });
}

const session: Lived = { agoMs: 60 * minute, leftMs: 600 * minute };
const sessionOver: Lived = { agoMs: 720 * minute, leftMs: -minute };
const assumeRole = 'AssumeRole arn:aws:iam::222233334444:role/Dev';

describe('nextGet', () => {
  it('nextGet prints what is fresh without STS', () => {
    expect(next('dev', [session, { agoMs: minute, leftMs: 59 * minute }])).toMatchObject({ kind: 'print', callsSts: false });
  });

  it('nextGet prints what is due and has it refreshed', () => {
    expect(next('dev', [session, { agoMs: 43 * minute, leftMs: 17 * minute }])).toMatchObject({
      kind: 'print-and-refresh',
      calls: [assumeRole],
    });
  });

  it('nextGet refreshes what is expiring, but not while a failure is young', () => {
    expect(next('dev', [session, { agoMs: 50 * minute, leftMs: 10 * minute }])).toMatchObject({
      kind: 'refresh',
      callsSts: true,
    });
    const failed = next('dev', [session, { agoMs: 50 * minute, leftMs: 10 * minute, hasFailed: true }]);
    expect(failed).toMatchObject({ kind: 'print', callsSts: false });
  });

  it('nextGet refreshes what is absent or over', () => {
    expect(next('dev', [session, undefined])).toMatchObject({ kind: 'refresh', calls: [assumeRole], why: 'nothing is cached' });
    expect(next('dev', [session, { agoMs: 61 * minute, leftMs: -minute }])).toMatchObject({ kind: 'refresh' });
  });

  it('nextGet gives the failure of a moment ago, unless only the way was at fault', () => {
    const over = { agoMs: 61 * minute, leftMs: -minute };
    expect(next('dev', [session, { ...over, wasRefused: true }])).toMatchObject({ kind: 'fail', callsSts: false });
    expect(next('dev', [session, { ...over, hasFailed: true }])).toMatchObject({ kind: 'refresh', callsSts: true });
  });

  it('nextGet needs a login when the session is over and nothing valid is left', () => {
    expect(next('dev', [sessionOver, undefined])).toMatchObject({ kind: 'login', callsSts: false, calls: [] });
    expect(next('dev', [undefined, undefined]).why).toContain('rolekeeper login corp');
    expect(next('long', [undefined])).toMatchObject({ kind: 'login' });
  });

  it('nextGet prints what outlives its session', () => {
    expect(next('dev', [sessionOver, { agoMs: 50 * minute, leftMs: 10 * minute }])).toMatchObject({ kind: 'print' });
    expect(next('dev', [sessionOver, { agoMs: 43 * minute, leftMs: 17 * minute }])).toMatchObject({ kind: 'print' });
  });

  it('nextGet prints the keys themselves where there is no hop', () => {
    expect(next('bare', [])).toMatchObject({ kind: 'keys', callsSts: false });
  });

  it('nextGet does not guess while nobody knows whose keys sign', () => {
    expect(nextGet({ recipe: recipeOf('dev'), records: undefined, now })).toMatchObject({ kind: 'unknown' });
  });

  it('nextGet knows that only another caller has what the recipe starts from', () => {
    const ofTask = nextGet({ recipe: recipeOf('task'), records: [undefined, undefined], now });
    expect(ofTask).toMatchObject({ kind: 'fail', callsSts: false, why: expect.stringContaining('FULL_URI is set') });
    expect(nextGet({ recipe: recipeOf('job'), records: undefined, now })).toMatchObject({ kind: 'fail', callsSts: false });
    const here = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 's' };
    expect(nextGet({ recipe: recipeOf('job', here), records: undefined, now })).toMatchObject({
      kind: 'unknown',
      calls: ['GetCallerIdentity', assumeRole],
    });
  });

  it('nextGet promises no background to what only a caller can refresh', () => {
    const recipe = recipeOf('task', { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://here' });
    const records = recordsOf(recipe, [undefined, { agoMs: 43 * minute, leftMs: 17 * minute }]);
    expect(nextGet({ recipe, records, now })).toMatchObject({ kind: 'print', callsSts: false });
    expect(refreshDueAt({ recipe, records, now })).toBeUndefined();
  });

  it('nextGet tells what is run or asked from what AWS is called for', () => {
    const first = 'the command of credential_process is run';
    expect(next('tool', [undefined])).toMatchObject({ kind: 'refresh', first, callsSts: false, calls: [] });
    expect(next('behind-tool', [undefined, undefined])).toMatchObject({ first, callsSts: true, calls: [assumeRole] });
    const source: Lived = { agoMs: minute, leftMs: 59 * minute };
    expect(next('behind-tool', [source, undefined])).not.toHaveProperty('first');
  });

  // It was refused as a profile without access keys.
  it('nextGet says what it can of a certificate that nobody has looked at', () => {
    expect(nextGet({ recipe: recipeOf('build'), records: undefined, now })).toEqual({
      kind: 'unknown',
      first: '/pki/build.pem is read',
      callsSts: true,
      calls: ['CreateSession arn:aws:iam::222233334444:role/Dev'],
      why: 'whose certificate /pki/build.pem is, nobody has looked yet',
    });
  });

  it('nextGet does not rule out a sign-in of the AWS CLI', () => {
    expect(next('portal', [undefined]).why).toContain('`rolekeeper login portal`, or a sign-in of `aws sso login`,');
  });

  // It named a time that was over.
  it('refreshDueAt is no sooner than the next try after a failure', () => {
    const recipe = recipeOf('dev');
    const records = recordsOf(recipe, [session, { agoMs: 43 * minute, leftMs: 17 * minute, hasFailed: true }]);
    expect(refreshDueAt({ recipe, records, now })).toBe(now + minute);
  });

  it('refreshDueAt is undefined behind a sign-in that is over', () => {
    const recipe = recipeOf('portal');
    const records = recordsOf(recipe, [{ agoMs: minute, leftMs: 59 * minute }]);
    const dueBehind = (leftMs: number) => {
      const [signIn] = recordsOf(recipe, [{ agoMs: 600 * minute, leftMs }]);
      return refreshDueAt({ recipe, records, signIn, now });
    };
    expect(dueBehind(600 * minute)).toBeDefined();
    expect(dueBehind(-1)).toBeUndefined();
  });

  it('refreshDueAt is undefined for what takes a code, and before the end for a role', () => {
    const recipe = recipeOf('dev');
    const records = recordsOf(recipe, [session, { agoMs: minute, leftMs: 59 * minute }]);
    expect(refreshDueAt({ recipe, records, now })).toBeLessThan(now + 40 * minute);
    const long = recipeOf('long');
    expect(refreshDueAt({ recipe: long, records: recordsOf(long, [session]), now })).toBeUndefined();
  });
});
