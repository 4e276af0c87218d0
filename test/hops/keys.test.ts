import { beforeEach, describe, expect, it } from 'vitest';
import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import { type KeysSource, type Recipe, stepsOf } from '../../src/config/recipe.ts';
import { toKeysItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { knownPrincipal, loadPrincipal, shownPrincipal } from '../../src/hops/keys.ts';
import { personOf } from '../../src/hops/person.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { aliceArn, fakeSts } from '../fakes/fake-sts.ts';

const [corp, dev] = [parseProfileName('corp'), parseProfileName('dev')];
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const call = { endpoint, network: {} };
const ofCaller = { accessKeyId: 'AKIACALLER', secretAccessKey: new Secret('secret') };
const bobArn = 'arn:aws:iam::999999999999:user/bob';
const storedKeys = { accessKeyId: 'AKIASTORED', secretAccessKey: new Secret('stored'), userArn: bobArn };
const fromEnvironment: KeysSource = { name: dev, endpoint, ofCaller };

function world() {
  return { store: openMemoryStore(), state: fakeState(), sts: fakeSts(fakeClock()) };
}

describe("the keys of a caller's environment", () => {
  let one: ReturnType<typeof world>;
  beforeEach(async () => {
    one = world();
    // Keys of the same name, of somebody else.
    await one.store.set(keysAccount(dev), toKeysItem(storedKeys, keysAccount(dev)));
    one.state.rememberPrincipal(dev, bobArn);
  });

  it('are taken, and never those of the store under the same name', async () => {
    const { caller, principal } = await loadPrincipal({ profile: dev, keys: fromEnvironment }, one, call);
    expect([caller.accessKeyId, principal]).toEqual(['AKIACALLER', aliceArn]);
  });

  it("are asked about once, and their owner is not the store's", async () => {
    const recipe = { keys: fromEnvironment, hops: [] };
    expect(knownPrincipal(recipe, one.state)).toBeUndefined();
    await loadPrincipal({ profile: dev, keys: fromEnvironment }, one, call);
    expect(knownPrincipal(recipe, one.state)).toBe(aliceArn);
    await loadPrincipal({ profile: dev, keys: fromEnvironment }, one, call);
    expect(one.sts.calls).toHaveLength(1);
  });

  // Two callers of one role and session name, with other session tags, were given one another's credentials.
  describe('that are temporary', () => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/Deploy/ci';
    const temporary = (accessKeyId: string, more: Partial<KeysSource> = {}): KeysSource => {
      const given = { accessKeyId, secretAccessKey: new Secret('secret'), sessionToken: new Secret('token') };
      return { name: corp, endpoint, ofCaller: given, ...more };
    };
    const ownedBy = async (keys: KeysSource) => (await loadPrincipal({ profile: dev, keys }, one, call)).principal;
    beforeEach(() => {
      one = { ...one, sts: fakeSts(fakeClock(), arn) };
    });

    it('are told apart, and known again by themselves', async () => {
      const [ann, bob] = [temporary('ASIAANN'), temporary('ASIABOB')];
      const owners = [await ownedBy(ann), await ownedBy(bob)];
      expect(owners[1]).not.toBe(owners[0]);
      expect([ann, bob].map((keys) => knownPrincipal({ keys, hops: [] }, one.state))).toEqual(owners);
      expect([await ownedBy(ann), await ownedBy(bob)]).toEqual(owners);
      expect(one.sts.calls).toHaveLength(2);
    });

    it('are told apart in a file as well, but not where the store has keys of that name', async () => {
      const inFile = (accessKeyId: string) => {
        const { ofCaller, ...keys } = temporary(accessKeyId);
        return {
          ...keys,
          ...(typeof ofCaller === 'object' ? { plaintext: { ...ofCaller, path: '/credentials', line: 1 } } : {}),
        };
      };
      expect(await ownedBy(inFile('ASIAANN'))).not.toBe(await ownedBy(inFile('ASIABOB')));
      await one.store.set(keysAccount(corp), toKeysItem(storedKeys, keysAccount(corp)));
      expect([await ownedBy(inFile('ASIAANN')), await ownedBy(inFile('ASIABOB'))]).toEqual([bobArn, bobArn]);
      expect(knownPrincipal({ keys: inFile('ASIAANN'), hops: [] }, one.state)).toBe(bobArn);
    });

    it('are shown, and name their sessions, as the ARN does', async () => {
      const principal = await ownedBy(temporary('ASIAANN'));
      expect([shownPrincipal(principal), shownPrincipal(bobArn)]).toEqual([arn, bobArn]);
      const [step] = stepsOf({ hops: [{ kind: 'role', request: { roleArn: arn, durationSeconds: 3600 }, endpoint }] }, principal);
      expect(step).toMatchObject({ request: { roleSessionName: 'ci' } });
    });
  });

  it('that are not there are named, and nothing else is tried', async () => {
    const absent: KeysSource = { name: dev, endpoint, ofCaller: 'absent' };
    expect(knownPrincipal({ keys: absent, hops: [] }, one.state)).toBeUndefined();
    await expect(loadPrincipal({ profile: dev, keys: absent }, one, call)).rejects.toMatchObject({
      code: 'environment-lacks',
      message: expect.stringContaining('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set'),
    });
  });
});

describe('personOf', () => {
  // Two machines of one HOME have one store: what one machine's role gave is not for the other.
  it('tells machines apart where the machine itself is where the credentials start, and only there', () => {
    const hops: Recipe['hops'] = [{ kind: 'machine', service: 'EcsContainer' }];
    expect(personOf({ hops }, fakeState())).toBe('laptop/rolekeeper-alice');
    expect(personOf({ hops: [] }, fakeState())).toBe('rolekeeper-alice');
  });
});
