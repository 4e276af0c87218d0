// A role behind an MFA session behind alice's keys, and all that the refresh path needs, in memory.

import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import type { Recipe } from '../../src/config/recipe.ts';
import { toKeysItem } from '../../src/credentials/credentials.ts';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { logIn, type ObtainPorts, openChain } from '../../src/refresh/obtain.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { noEntryPorts } from '../fakes/entry-ports.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeLock } from '../fakes/fake-lock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { aliceArn, fakeSts } from '../fakes/fake-sts.ts';

export const minute = 60_000;
export const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
export const serial = 'arn:aws:iam::123456789012:mfa/alice';
export const role = 'arn:aws:iam::222233334444:role/Dev';

export function world() {
  const clock = fakeClock();
  const sts = fakeSts(clock);
  const store = openMemoryStore();
  const [state, lock] = [fakeState(), fakeLock()];
  const remembered: string[] = [];
  const events: string[] = [];
  const ports: ObtainPorts = {
    ...noEntryPorts,
    clock,
    sts,
    store,
    state,
    lock,
    readLoginCache: () => undefined,
    random: () => 1,
    remember: async (account) => void remembered.push(account),
    log: { event: (name) => void events.push(name) },
  };
  return { clock, sts, store, state, lock, ports, remembered, events };
}

export type World = ReturnType<typeof world>;

export const corp = parseProfileName('corp');
export const dev = parseProfileName('dev');
export const session = { kind: 'session', durationSeconds: 43_200, mfaSerial: serial, endpoint } as const;
export const roleHop = { kind: 'role', request: { roleArn: role, durationSeconds: 3600 }, endpoint } as const;

export function recipe(hops: Recipe['hops']): Recipe {
  return { profile: dev, keys: { name: corp, endpoint }, hops, loginTarget: corp, network: {}, chain: [dev, corp], notes: [] };
}

export async function withKeys(one: World): Promise<World> {
  const keys = { accessKeyId: 'AKIA1', secretAccessKey: new Secret('long-term'), userArn: aliceArn };
  await one.store.set(keysAccount(corp), toKeysItem(keys, keysAccount(corp)));
  return one;
}

export async function loggedIn(one: World): Promise<World> {
  await withKeys(one);
  await logIn(await openChain(recipe([session, roleHop]), one.ports), { index: 0, code: parseMfaCode('123456') }, one.ports);
  return one;
}
