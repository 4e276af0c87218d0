import { describe, expect, it } from 'vitest';
import type { EntryHop, ProcessHop } from '../../src/config/entry-hop.ts';
import { parseProfileName } from '../../src/config/names.ts';
import {
  certificateOf,
  describeHop,
  entryOf,
  givenKeys,
  type Hop,
  keysOf,
  lastStepOf,
  loginIdOf,
  mfaSerialOf,
  needsCode,
  type Recipe,
  type RoleHop,
  recordKind,
  type SessionHop,
  signInOf,
  stepsOf,
} from '../../src/config/recipe.ts';
import { signInIdOf } from '../../src/config/sign-in.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { wordsOf } from './recipe-from.ts';

const serial = 'arn:aws:iam::123456789012:mfa/alice';
const alice = 'arn:aws:iam::123456789012:user/team/alice';
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const service = { region: 'eu-west-1', useFips: false, useDualstack: false };
const session: SessionHop = { kind: 'session', durationSeconds: 43_200, mfaSerial: serial, endpoint };
const { mfaSerial: _serial, ...sessionWithoutCode } = session;
const role: RoleHop = {
  kind: 'role',
  request: { roleArn: 'arn:aws:iam::222233334444:role/Dev', durationSeconds: 3600 },
  endpoint,
};
const program: ProcessHop = { kind: 'process', command: 'print', namedIn: 'config' };
const identityCenter: EntryHop = {
  kind: 'identity-center',
  signIn: { startUrl: 'https://corp.example/start', scopes: ['a'], oidc: service, portal: service },
  accountId: '222233334444',
  roleName: 'Admin',
};
const certificate: EntryHop = {
  kind: 'certificate',
  files: { certificate: '/c.pem' },
  trustAnchorArn: 'anchor',
  profileArn: 'profile',
  request: role.request,
  endpoint,
};

function recipe(...hops: readonly Hop[]): Recipe {
  const profile = parseProfileName('dev');
  return { profile, hops, loginTarget: profile, network: {}, chain: [profile, parseProfileName('corp')], notes: [] };
}

describe('stepsOf', () => {
  it('gives each hop the id of all up to it, its account, and the session name of the user', () => {
    const steps = stepsOf(recipe(session, role), alice);
    expect(steps).toStrictEqual([
      { kind: 'session', hop: session, id: steps[0]?.id, account: `session/${steps[0]?.id}` },
      {
        kind: 'role',
        hop: role,
        id: steps[1]?.id,
        account: `role/${steps[1]?.id}`,
        request: { ...role.request, roleSessionName: 'alice' },
      },
    ]);
    expect(steps[0]?.id).toBe(stepsOf(recipe(session), alice)[0]?.id);
    expect(steps[1]?.id).not.toBe(stepsOf(recipe(role), alice)[0]?.id);
  });

  it('gives another way in the account of a role, whose credentials it is and the name for sessions', () => {
    const steps = stepsOf(recipe(program), 'process/rolekeeper-bob');
    const id = steps[0]?.id;
    expect(steps).toStrictEqual([
      {
        kind: 'entry',
        hop: program,
        id,
        account: `role/${id}`,
        principal: 'process/rolekeeper-bob',
        defaultSessionName: 'rolekeeper-bob',
      },
    ]);
  });

  it("gives these very ids: all that is in people's stores is found by them", () => {
    expect(stepsOf(recipe(session, role), alice).map(({ id }) => id)).toStrictEqual([
      '6d045f2f5f13731c1f6ba99746cf3977',
      'c1ed0a838c04807d7331ab58ff4860bc',
    ]);
    expect(stepsOf(recipe(program, role), 'process/rolekeeper-bob').map(({ id }) => id)).toStrictEqual([
      '6b2856b88d8c188015d9baca7e2e15cd',
      '12d5bfb98bc844f954189f4da0e220d4',
    ]);
  });

  it('makes no difference between a session name that is written and the same by default', () => {
    const named = { ...role, request: { ...role.request, roleSessionName: 'alice' } };
    expect(stepsOf(recipe(named), alice)[0]?.id).toBe(stepsOf(recipe(role), alice)[0]?.id);
    const other = { ...role, request: { ...role.request, roleSessionName: 'bob' } };
    expect(stepsOf(recipe(other), alice)[0]).toMatchObject({ request: { roleSessionName: 'bob' } });
  });

  it.each([
    ['arn:aws:iam::123456789012:user/team/alice', 'alice'],
    ['arn:aws:iam::123456789012:root', 'root'],
    ['bob', 'bob'],
    ['machine/', '--'],
  ])('calls the sessions of %j %j', (principal, name) => {
    expect(stepsOf(recipe(program), principal)).toMatchObject([{ defaultSessionName: name }]);
  });

  it('finds none where there are no hops', () => {
    expect(stepsOf(recipe(), alice)).toStrictEqual([]);
    expect(lastStepOf(recipe(), alice)).toBeUndefined();
  });

  it.each([[[session]], [[session, role]], [[program]]])('lastStepOf gives the last of them (%#)', (hops) => {
    expect(lastStepOf(recipe(...hops), alice)).toStrictEqual(stepsOf(recipe(...hops), alice).at(-1));
  });

  it('a record is of a session or of a role, which every other way in counts as', () => {
    const kinds = [recipe(session, role), recipe(program)].flatMap((each) => stepsOf(each, alice)).map(recordKind);
    expect(kinds).toStrictEqual(['session', 'role', 'role']);
  });
});

describe('loginIdOf', () => {
  const loginOf = (...hops: readonly Hop[]) => loginIdOf({ hops }, stepsOf(recipe(...hops), alice));
  const direct = { ...role, mfaSerial: serial };

  it('is that of the hop that takes the code, wherever it stands', () => {
    expect(loginOf(session, role)).toBe(stepsOf(recipe(session), alice)[0]?.id);
    expect(loginOf(direct, role)).toBe(stepsOf(recipe(direct), alice)[0]?.id);
    expect(loginOf(role, direct)).toBe(stepsOf(recipe(role, direct), alice)[1]?.id);
  });

  it('is that of the sign-in, whatever comes behind it', () => {
    expect(loginOf(identityCenter, direct)).toBe(signInIdOf(identityCenter.signIn));
  });

  it('is none where nobody has to do anything', () => {
    expect([loginOf(), loginOf(role), loginOf(sessionWithoutCode, role), loginOf(program)]).toStrictEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });
});

describe('what a recipe starts from', () => {
  it.each<[string, readonly Hop[], unknown, unknown, unknown]>([
    ['nothing', [], undefined, undefined, undefined],
    ['a session', [session, role], undefined, undefined, undefined],
    ['a role', [role, certificate], undefined, undefined, undefined],
    ['IAM Identity Center', [identityCenter, role], identityCenter.signIn, identityCenter, undefined],
    ['a certificate', [certificate, role], undefined, certificate, certificate],
    ['another program', [program], undefined, program, undefined],
  ])('%s', (_what, hops, signIn, entry, ofCertificate) => {
    expect(signInOf({ hops })).toBe(signIn);
    expect(entryOf({ hops })).toBe(entry);
    expect(certificateOf({ hops })).toBe(ofCertificate);
  });

  it('keysOf gives the keys, or says what is there instead', () => {
    const keys = { name: parseProfileName('corp'), endpoint };
    expect(keysOf({ ...recipe(session), keys })).toBe(keys);
    expect(wordsOf(() => keysOf(recipe(certificate)))).toStrictEqual([
      'profile "dev" (dev → corp): it has no access keys: it starts from arn:aws:iam::222233334444:role/Dev by IAM Roles Anywhere',
      'name a profile that starts from access keys',
    ]);
    expect(wordsOf(() => keysOf(recipe()))[0]).toBe('profile "dev" (dev → corp): it has no access keys: it starts from nothing');
  });

  it("givenKeys gives the caller's where the recipe is of the caller, else those of a file", () => {
    const keys = { name: parseProfileName('corp'), endpoint };
    const ofCaller = { accessKeyId: 'AKIACALLER', secretAccessKey: new Secret('one') };
    const plaintext = { accessKeyId: 'AKIAFILE', secretAccessKey: new Secret('two'), path: 'credentials', line: 2 };
    expect(givenKeys(keys)).toBeUndefined();
    expect(givenKeys({ ...keys, plaintext })).toBe(plaintext);
    expect(givenKeys({ ...keys, plaintext, ofCaller })).toBe(ofCaller);
    expect(givenKeys({ ...keys, plaintext, ofCaller: 'absent' })).toBeUndefined();
  });
});

describe('a hop', () => {
  it.each<[Hop, string | undefined, string]>([
    [session, serial, `MFA session of ${serial}`],
    [sessionWithoutCode, undefined, 'session without MFA'],
    [{ ...role, mfaSerial: serial }, serial, 'arn:aws:iam::222233334444:role/Dev'],
    [role, undefined, 'arn:aws:iam::222233334444:role/Dev'],
    [program, undefined, 'the output of another credential_process'],
  ])('is described, and names the device whose code it takes (%#)', (hop, device, words) => {
    expect(describeHop(hop)).toBe(words);
    expect(mfaSerialOf(hop)).toBe(device);
    expect(needsCode(hop)).toBe(device !== undefined);
  });
});
