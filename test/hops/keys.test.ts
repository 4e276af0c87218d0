import { beforeEach, describe, expect, it } from 'vitest';
import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import type { KeysSource, Recipe } from '../../src/config/recipe.ts';
import { toKeysItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { knownPrincipal, loadPrincipal } from '../../src/hops/keys.ts';
import { personOf } from '../../src/hops/person.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { aliceArn, fakeSts } from '../fakes/fake-sts.ts';

const dev = parseProfileName('dev');
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const call = { endpoint, network: {} };
const ofCaller = { accessKeyId: 'AKIACALLER', secretAccessKey: new Secret('secret') };
const fromEnvironment: KeysSource = { name: dev, endpoint, ofCaller };

function world() {
  return { store: openMemoryStore(), state: fakeState(), sts: fakeSts(fakeClock()) };
}

describe("the keys of a caller's environment", () => {
  let one: ReturnType<typeof world>;
  beforeEach(async () => {
    one = world();
    // Keys of the same name, of somebody else.
    const item = {
      accessKeyId: 'AKIASTORED',
      secretAccessKey: new Secret('stored'),
      userArn: 'arn:aws:iam::999999999999:user/bob',
    };
    await one.store.set(keysAccount(dev), toKeysItem(item, keysAccount(dev)));
    one.state.rememberPrincipal(dev, item.userArn);
  });

  it('are taken, and never those of the store under the same name', async () => {
    const { caller, userArn } = await loadPrincipal({ profile: dev, keys: fromEnvironment }, one, call);
    expect([caller.accessKeyId, userArn]).toEqual(['AKIACALLER', aliceArn]);
  });

  it("are asked about once, and their owner is not the store's", async () => {
    const recipe = { keys: fromEnvironment, hops: [] };
    expect(knownPrincipal(recipe, one.state)).toBeUndefined();
    await loadPrincipal({ profile: dev, keys: fromEnvironment }, one, call);
    expect(knownPrincipal(recipe, one.state)).toBe(aliceArn);
    await loadPrincipal({ profile: dev, keys: fromEnvironment }, one, call);
    expect(one.sts.calls).toHaveLength(1);
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
