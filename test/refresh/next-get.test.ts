import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type Recipe, recordKind, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { Environment } from '../../src/ports/environment.ts';
import type { StateRecord } from '../../src/ports/state.ts';
import { type NextKind, nextGet, refreshDueAt } from '../../src/refresh/next-get.ts';

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
[rolekeeper daily]
region = eu-west-1
[rolekeeper plain]
role_arn = arn:aws:iam::222233334444:role/Plain
source_profile = work
[profile work]
region = eu-west-1
[rolekeeper pod]
role_arn = arn:aws:iam::222233334444:role/Pod
web_identity_token_file = /token
[rolekeeper center]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
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

  const fresh: Lived = { agoMs: minute, leftMs: 59 * minute };
  const due: Lived = { agoMs: 43 * minute, leftMs: 17 * minute };
  const expiring: Lived = { agoMs: 50 * minute, leftMs: 10 * minute };
  const over: Lived = { agoMs: 60 * minute, leftMs: 0 };

  // What `explain` prints.
  it.each<[string, readonly (Lived | undefined)[], NextKind, readonly string[], string]>([
    ['bare', [], 'keys', [], 'session = none: the keys themselves are printed'],
    ['dev', [session, fresh], 'print', [], 'what is cached has long to go'],
    ['dev', [session, due], 'print-and-refresh', [assumeRole], 'what is cached is valid, and its time to be refreshed has come'],
    ['dev', [session, expiring], 'refresh', [assumeRole], 'little is left of what is cached; if STS fails it is printed'],
    [
      'dev',
      [session, { ...due, hasFailed: true }],
      'print',
      [],
      'what is cached is valid; after a failure no new try is due yet',
    ],
    ['dev', [sessionOver, due], 'print', [], 'what is cached is valid; its successor needs a login'],
    ['dev', [session, over], 'refresh', [assumeRole], 'what was cached has ended'],
    ['dev', [session, undefined], 'refresh', [assumeRole], 'nothing is cached'],
    ['dev', [undefined, undefined], 'login', [], 'nothing valid is cached, and only `rolekeeper login corp` can go on'],
    [
      ...(['dev', [session, { ...over, wasRefused: true }], 'fail', []] as const),
      'it failed within the last 5 seconds, and everybody who asks gets that failure',
    ],
    ['plain', [undefined], 'refresh', ['AssumeRole arn:aws:iam::222233334444:role/Plain'], 'nothing is cached'],
    ['daily', [undefined], 'refresh', ['GetSessionToken'], 'nothing is cached'],
    ['pod', [undefined], 'refresh', ['AssumeRoleWithWebIdentity arn:aws:iam::222233334444:role/Pod'], 'nothing is cached'],
  ])('nextGet of %s, with %j, is to %s by %j: %s', (profile, lives, kind, calls, why) => {
    expect(next(profile, lives)).toMatchObject({ kind, callsSts: calls.length > 0, calls, why });
  });

  it('nextGet takes a session that outlives the call by a minute at most for none', () => {
    const withSession = (leftMs: number) => next('dev', [{ agoMs: minute, leftMs }, undefined]).kind;
    expect(withSession(61_000)).toBe('refresh');
    expect(withSession(60_000)).toBe('login');
  });

  it('nextGet needs a sign-in to IAM Identity Center that is not over', () => {
    const recipe = recipeOf('center');
    const [id] = stepsOf(recipe, 'a person').map((step) => step.id);
    if (id === undefined) throw new Error('it has one hop');
    const kindWith = (leftMs: number | undefined) => {
      const record: StateRecord = { id, kind: 'sign-in', profile: recipe.profile };
      const signIn = leftMs === undefined ? record : { ...record, expiresAt: now + leftMs };
      return nextGet({ recipe, records: [undefined], signIn, now });
    };
    expect(kindWith(1_000)).toMatchObject({ kind: 'refresh', calls: ['GetRoleCredentials Admin'] });
    expect([kindWith(0).kind, kindWith(undefined).kind]).toEqual(['login', 'login']);
    expect(nextGet({ recipe, records: [undefined], now }).kind).toBe('login');
  });

  it('nextGet tells the calls that it can foresee while nobody knows whose keys sign', () => {
    const why = (keys: string) => `whose keys "${keys}" are is not known here yet, if they are there at all`;
    const unknown = (recipe: Recipe) => nextGet({ recipe, records: undefined, now });
    expect(unknown(recipeOf('dev'))).toEqual({ kind: 'unknown', callsSts: false, calls: [], why: why('corp') });
    const plain = recipeOf('plain');
    const calls = ['AssumeRole arn:aws:iam::222233334444:role/Plain'];
    expect(unknown(plain)).toEqual({ kind: 'unknown', callsSts: true, calls, why: why('work') });
    const ofCaller = { accessKeyId: 'AKIA1', secretAccessKey: new Secret('s') };
    const atHand = ({ keys, ...rest }: Recipe): Recipe => ({ ...rest, ...(keys && { keys: { ...keys, ofCaller } }) });
    expect(unknown(atHand(plain))).toMatchObject({ callsSts: true, calls: ['GetCallerIdentity', ...calls] });
    expect(unknown(atHand(recipeOf('dev')))).toMatchObject({ callsSts: true, calls: ['GetCallerIdentity'] });
  });

  it('refreshDueAt is just before the session or the sign-in ends, where that is sooner', () => {
    const recipe = recipeOf('dev');
    const endingSession = { agoMs: 700 * minute, leftMs: 20 * minute };
    const records = recordsOf(recipe, [endingSession, fresh]);
    const [ending, role] = records;
    expect(refreshDueAt({ recipe, records, now })).toBeLessThanOrEqual(now + 15 * minute);
    expect(refreshDueAt({ recipe, records: [undefined, role], now })).toBeGreaterThan(now + 35 * minute);
    expect(refreshDueAt({ recipe, records: [undefined, role], signIn: ending, now })).toBeLessThanOrEqual(now + 15 * minute);
  });

  it('refreshDueAt is undefined for what was never made, has no hops, or is not known', () => {
    const recipe = recipeOf('dev');
    expect(refreshDueAt({ recipe, records: recordsOf(recipe, [session, undefined]), now })).toBeUndefined();
    expect(refreshDueAt({ recipe, records: undefined, now })).toBeUndefined();
    expect(refreshDueAt({ recipe: recipeOf('bare'), records: [], now })).toBeUndefined();
  });

  it('refreshDueAt is undefined for what takes a code, and before the end for a role', () => {
    const recipe = recipeOf('dev');
    const records = recordsOf(recipe, [session, { agoMs: minute, leftMs: 59 * minute }]);
    expect(refreshDueAt({ recipe, records, now })).toBeLessThan(now + 40 * minute);
    const long = recipeOf('long');
    expect(refreshDueAt({ recipe: long, records: recordsOf(long, [session]), now })).toBeUndefined();
  });
});
