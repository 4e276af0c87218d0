import { describe, expect, it } from 'vitest';
import { identifyKeys, isUnused } from '../../src/commands/take-keys.ts';
import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { aliceArn, fakeSts } from '../fakes/fake-sts.ts';

const corp = parseProfileName('corp');
const keys = {
  name: corp,
  profile: corp,
  accessKeyId: 'AKIA1',
  secretAccessKey: new Secret('s'),
  renamed: (name: string) => `rolekeeper add corp --keys ${name}`,
};
const route = { endpoint: { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false }, network: {} };

async function overBrokenItem(knownArn?: string) {
  const [store, state] = [openMemoryStore(), fakeState()];
  await store.set(keysAccount(corp), new Secret('{"v":1'));
  if (knownArn !== undefined) state.rememberPrincipal(corp, knownArn);
  return identifyKeys(keys, route, { sts: fakeSts(fakeClock()), store, state });
}

describe('identifyKeys over a broken item', () => {
  // The hint says to put the keys in again, and that failed with the same error.
  it('identifyKeys lets the same user put the keys in again', async () => {
    expect(await overBrokenItem(aliceArn)).toMatchObject({ userArn: aliceArn });
    expect(await overBrokenItem()).toMatchObject({ userArn: aliceArn });
  });

  it("identifyKeys refuses another user's keys even where only the state knows whose they were", async () => {
    await expect(overBrokenItem('arn:aws:iam::123456789012:user/bob')).rejects.toMatchObject({ code: 'keys-of-another-user' });
  });
});

describe('isUnused', () => {
  it('isUnused takes a broken item for something', async () => {
    const store = openMemoryStore();
    expect(await isUnused(corp, store)).toBe(true);
    await store.set(keysAccount(corp), new Secret('{"v":1'));
    expect(await isUnused(corp, store)).toBe(false);
  });
});
