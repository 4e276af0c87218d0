import { beforeEach, describe, expect, it } from 'vitest';
import { Callers } from '../../src/agent/callers.ts';
import { promptFor, promptWords, type Standing } from '../../src/agent/prompt.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type Step, stepsOf } from '../../src/config/recipe.ts';
import { dueAt } from '../../src/credentials/plan.ts';
import { AppError } from '../../src/errors.ts';
import type { StateRecord } from '../../src/ports/state.ts';
import { type FakeMachine, fakeMachine } from '../fakes/fake-machine.ts';
import { type FakeState, fakeState } from '../fakes/fake-state.ts';
import { aliceArn } from '../fakes/fake-sts.ts';
import { corp, hour, minute, second } from './agent-world.ts';

const fine: Standing = { profile: parseProfileName('dev'), leftMs: 42 * minute, isThreatened: false, needsLogin: false };

describe('promptWords', () => {
  it.each<[string, Partial<Standing>]>([
    ['dev 42m', {}],
    ['dev 0m', { leftMs: 0 }],
    ['dev 0m', { leftMs: 59 * second }],
    ['dev 99m', { leftMs: 100 * minute - 1 }],
    ['dev 1h', { leftMs: 100 * minute }],
    ['dev 11h', { leftMs: 12 * hour - 1 }],
    ['dev 12m!', { leftMs: 12 * minute, isThreatened: true }],
    ['dev 12m!', { leftMs: 12 * minute, isThreatened: true, needsLogin: true }],
    ['dev login', { leftMs: undefined, needsLogin: true, isThreatened: true }],
    ['dev !', { leftMs: undefined, isThreatened: true }],
    ['dev', { leftMs: undefined }],
  ])('promptWords says %s', (words, differently) => {
    expect(promptWords({ ...fine, ...differently })).toBe(words);
  });
});

const config = `[profile corp]
region = eu-west-1
[profile dev]
role_arn = arn:aws:iam::222233334444:role/dev
source_profile = corp
[profile work]
keys = corp
region = eu-west-1
mfa_serial = arn:aws:iam::123456789012:mfa/alice
[profile mfa]
role_arn = arn:aws:iam::222233334444:role/dev
source_profile = work
[profile plain]
keys = corp
session = none
[profile broken]
role_arn = arn:aws:iam::222233334444:role/dev
`;

const caller = new Callers({
  env: {},
  placeOf: () => ({ home: '/h', stateDirectory: '/state', configPath: '/c', credentialsPath: '/k' }),
  readFiles: () => ({ config: parseConfigFile(config, '/c'), credentials: parseCredentialsFile('', '/k') }),
}).of({ env: {}, cwd: '/' });

let machine: FakeMachine;
let state: FakeState;
beforeEach(() => {
  machine = fakeMachine();
  state = fakeState();
  state.rememberPrincipal(corp, aliceArn);
});

function piece(name: string): string {
  return promptFor(name, caller, { clock: machine.clock, state });
}

function lastStepOf(name: string): Step {
  const step = stepsOf(caller.recipe(parseProfileName(name)), aliceArn).at(-1);
  if (step === undefined) throw new Error('a recipe with hops');
  return step;
}

interface Past {
  /** How long ago it was made, and how long it lasts from now on; absent: never made. */
  readonly ago?: number;
  readonly left?: number;
  readonly hasFailed?: boolean;
}

/** What the state says of the last hop of a profile. */
function publish(name: string, { ago, left, hasFailed = false }: Past): void {
  const now = machine.awsMs();
  const error = new AppError('network', { endpoint: 'https://sts', problem: 'no route' }).toStored();
  const { id, kind } = lastStepOf(name);
  const record: StateRecord = { id, kind: kind === 'session' ? 'session' : 'role', profile: parseProfileName(name) };
  state.publish({
    ...record,
    ...(ago === undefined || left === undefined ? {} : { issuedAt: now - ago, expiresAt: now + left }),
    ...(hasFailed ? { failure: { error, at: now, count: 1, retryAt: now } } : {}),
  });
}

describe('promptFor', () => {
  it.each<[string, Past | undefined]>([
    ['dev', undefined],
    ['dev 42m', { ago: 18 * minute, left: 42 * minute }],
    ['dev', { ago: 2 * hour, left: -hour }],
    ['dev', { ago: hour, left: 0 }],
    ['dev 0m', { ago: hour, left: second }],
    ['dev 10m', { ago: 50 * minute, left: 10 * minute }],
    ['dev 59m', { ago: minute, left: 59 * minute, hasFailed: true }],
    ['dev 10m!', { ago: 50 * minute, left: 10 * minute, hasFailed: true }],
    ['dev !', { ago: 2 * hour, left: -hour, hasFailed: true }],
    ['dev !', { hasFailed: true }],
  ])('promptFor says %s of a role with the state %j', (words, past) => {
    if (past !== undefined) publish('dev', past);
    expect(piece('dev')).toBe(words);
  });

  it('promptFor marks a failure from the moment on that a refresh is due, and no sooner', async () => {
    publish('dev', { ago: 0, left: hour, hasFailed: true });
    const issuedAt = machine.awsMs();
    const dueMs = dueAt({ issuedAt, expiresAt: issuedAt + hour }) - issuedAt;
    await machine.run(Math.ceil(dueMs) - 1);
    expect(piece('dev')).toMatch(/^dev \d\dm$/);
    await machine.run(1);
    expect(piece('dev')).toMatch(/^dev \d\dm!$/);
  });

  const inTime = { ago: 18 * minute, left: 42 * minute };
  it.each<[string, { readonly session?: Past; readonly role?: Past }]>([
    ['mfa login', {}],
    ['mfa login', { session: { hasFailed: true } }],
    ['mfa login', { session: { ago: 12 * hour, left: 0 } }],
    ['mfa login', { session: { ago: 13 * hour, left: -hour }, role: { ago: 2 * hour, left: -hour } }],
    ['mfa 42m!', { role: inTime }],
    ['mfa 42m!', { session: { ago: 13 * hour, left: -hour }, role: inTime }],
    ['mfa 42m', { session: { ago: hour, left: 11 * hour }, role: inTime }],
    ['mfa 42m', { session: { ago: hour, left: 11 * hour }, role: { ...inTime, hasFailed: true } }],
    ['mfa 42m!', { session: { ago: 11 * hour, left: 2 * minute }, role: { ...inTime, hasFailed: true } }],
    ['mfa', { session: { ago: hour, left: 11 * hour } }],
    ['mfa !', { session: { ago: hour, left: 11 * hour }, role: { hasFailed: true } }],
  ])('promptFor says %s of a role behind a login with the state %j', (words, { session, role }) => {
    if (session !== undefined) publish('work', session);
    if (role !== undefined) publish('mfa', role);
    expect(piece('mfa')).toBe(words);
  });

  it.each<[string, Past]>([
    ['work 11h', { ago: hour, left: 11 * hour }],
    ['work 12m', { ago: 11 * hour, left: 12 * minute, hasFailed: true }],
    ['work login', { ago: 13 * hour, left: -hour, hasFailed: true }],
  ])('promptFor says %s of the login itself, which no failure threatens', (words, past) => {
    publish('work', past);
    expect(piece('work')).toBe(words);
  });

  it.each(['nobody', 'broken', 'plain', '-x', ''])('promptFor has nothing to say of "%s"', (name) => {
    expect(piece(name)).toBe('');
  });

  it('promptFor has nothing to say while nobody knows whose keys these are', () => {
    publish('dev', inTime);
    state.forgetPrincipal(corp);
    expect(piece('dev')).toBe('');
  });

  it('promptFor hides nothing that is not about the files', () => {
    const slip = new TypeError('a slip');
    const broken = {
      ...caller,
      recipe: () => {
        throw slip;
      },
    };
    expect(() => promptFor('dev', broken, { clock: machine.clock, state })).toThrow(slip);
  });
});
