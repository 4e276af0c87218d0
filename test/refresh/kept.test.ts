import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type Recipe, type Step, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import type { Warning } from '../../src/credentials/warnings.ts';
import { AppError } from '../../src/errors.ts';
import { certificatePrincipal } from '../../src/hops/certificate-owner.ts';
import { isWanted, type Kept, keptFor, lifeOf, warnOf } from '../../src/refresh/kept.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { aliceArn } from '../fakes/fake-sts.ts';
import { corp, dev, minute, recipe, roleHop, serial, session } from './obtain-world.ts';

const text = `[rolekeeper build]
certificate = /pki/client.pem
trust_anchor_arn = arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/1
profile_arn = arn:aws:rolesanywhere:eu-central-1:123456789012:profile/1
role_arn = arn:aws:iam::123456789012:role/Build
`;

describe('keptFor', () => {
  it('keeps a role by a certificate that was renewed, though nobody has looked into the file since', async () => {
    const files = { config: parseConfigFile(text, '/config'), credentials: parseCredentialsFile('', '/credentials') };
    const profile = parseProfileName('build');
    const recipe = resolveRecipe(profile, files, {});
    const state = fakeState();
    const [hop] = recipe.hops;
    if (hop?.kind !== 'certificate') throw new Error('it starts from a certificate');
    const certificate = { der: Buffer.alloc(0), serial: '1', subject: 'CN=a', identity: 'CN=a', validFrom: 0, validTo: 1 };
    state.setDigest('/pki/client.pem', 'a'.repeat(64));
    const principal = await certificatePrincipal(
      hop,
      { profile, passphrase: async () => undefined },
      { state, certificates: { read: async () => certificate, open: async () => expect.fail('nothing is signed here') } },
    );
    const id = stepsOf(recipe, principal).at(-1)?.id;
    if (id === undefined) throw new Error('it has one hop');
    const record = { id, kind: 'role', profile, issuedAt: 0, expiresAt: 1 } as const;
    expect(keptFor(record, recipe, state)?.id).toBe(id);
    state.setDigest('/pki/client.pem', 'b'.repeat(64));
    expect(keptFor(record, recipe, state)?.id).toBe(id);
  });

  it('keeps nothing of a certificate that nobody ever saw', () => {
    const files = { config: parseConfigFile(text, '/config'), credentials: parseCredentialsFile('', '/credentials') };
    const profile = parseProfileName('build');
    const recipe = resolveRecipe(profile, files, {});
    const id = stepsOf(recipe, 'anybody').at(-1)?.id;
    if (id === undefined) throw new Error('it has one hop');
    expect(keptFor({ id, kind: 'role', profile, issuedAt: 0, expiresAt: 1 }, recipe, fakeState())).toBeUndefined();
  });
});

function lastStepOf(one: Recipe): Step {
  const step = stepsOf(one, aliceArn).at(-1);
  if (step === undefined) throw new Error('it has a hop');
  return step;
}

const direct = recipe([roleHop]);
const step = lastStepOf(direct);
const record = { id: step.id, kind: 'role', profile: dev } as const;

describe('keptFor, of keys', () => {
  const throughSession = recipe([session, roleHop]);
  const [sessionStep, roleStep] = [lastStepOf(recipe([session])), lastStepOf(throughSession)];
  const made = { ...record, id: roleStep.id, issuedAt: 1, expiresAt: 2 };
  const known = () => {
    const state = fakeState();
    state.rememberPrincipal(corp, aliceArn);
    return state;
  };

  it('keeps the last hop, with the session that it hangs on and what is known of that', () => {
    const state = known();
    const kept = { id: roleStep.id, recipe: throughSession, step: roleStep, record: made };
    expect(keptFor(made, throughSession, state)).toEqual({ ...kept, session: { id: sessionStep.id, expiresAt: 0 } });
    state.publish({ ...made, id: sessionStep.id, kind: 'session', expiresAt: 7 });
    expect(keptFor(made, throughSession, state)?.session).toEqual({ id: sessionStep.id, expiresAt: 7 });
  });

  it('keeps a role that hangs on no session', () => {
    expect(keptFor(record, direct, known())).toMatchObject({ id: record.id, session: undefined });
  });

  it('keeps no hop in the middle, none that takes a code, and none of unknown keys', () => {
    expect(keptFor({ ...made, id: sessionStep.id }, throughSession, known())).toBeUndefined();
    const takesCode = recipe([{ ...roleHop, mfaSerial: serial }]);
    expect(keptFor({ ...made, id: lastStepOf(takesCode).id }, takesCode, known())).toBeUndefined();
    expect(keptFor(made, throughSession, fakeState())).toBeUndefined();
    expect(keptFor(made, recipe([]), known())).toBeUndefined();
  });
});

describe('isWanted', () => {
  it('is true while somebody asked within the time; not at its end, and not where nobody ever did', () => {
    const wanted = (localNow: number) => isWanted(1_000, { localNow, unusedMs: 500 });
    expect([1_000, 1_499, 1_500].map(wanted)).toEqual([true, true, false]);
    expect(isWanted(undefined, { localNow: 1_000, unusedMs: 500 })).toBe(false);
  });
});

describe('warnOf', () => {
  const hour = 60 * minute;
  const noon = new Date(2026, 0, 2, 12).getTime();
  const endingSession = (now: number) => ({ session: { id: step.id, expiresAt: now + 10 * minute } });

  /** The titles of what the person is told. */
  function told(
    kept: (now: number) => Partial<Kept>,
    { at = noon, localOffsetMs = 0, warnsAtNight = false, isListening = true } = {},
  ): readonly string[] {
    const titles: string[] = [];
    const notifier = { tell: ({ title }: Warning) => void titles.push(title), settled: async () => undefined };
    warnOf([{ id: step.id, recipe: direct, step, record, session: undefined, ...kept(at) }], {
      clock: fakeClock(at, localOffsetMs),
      notifier: isListening ? notifier : undefined,
      warnsAtNight,
    });
    return titles;
  }

  it('tells of a session that ends, and of a refresh that fails', () => {
    expect(told(endingSession)).toEqual(['AWS session of "corp" ends in 10 min']);
    const { code, details } = new AppError('network', { endpoint: 'sts', problem: 'down' });
    const failure = { error: { code, details }, at: 0, count: 1, retryAt: 0 };
    const failing = (now: number) => ({ record: { ...record, issuedAt: now - hour, expiresAt: now + minute, failure } });
    expect(told(failing)).toEqual(['AWS credentials of "dev" cannot be refreshed']);
  });

  it('wakes nobody at night, by the clock on the wall, who does not want it', () => {
    expect(told(endingSession, { at: noon + 11 * hour })).toEqual([]);
    expect(told(endingSession, { localOffsetMs: 11 * hour })).toEqual([]);
    expect(told(endingSession, { at: noon + 11 * hour, warnsAtNight: true })).toHaveLength(1);
  });

  it('is silent where nobody listens', () => {
    expect(told(endingSession, { isListening: false })).toEqual([]);
  });
});

describe('lifeOf', () => {
  it('is undefined for what was never made, or has no end', () => {
    expect(lifeOf({ ...record, issuedAt: 1, expiresAt: 2 })).toEqual({ issuedAt: 1, expiresAt: 2 });
    expect(lifeOf({ ...record, issuedAt: 1 })).toBeUndefined();
    expect(lifeOf({ ...record, expiresAt: 2 })).toBeUndefined();
  });
});
