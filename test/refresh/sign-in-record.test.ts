import { describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import { type SignIn, signInIdOf } from '../../src/config/sign-in.ts';
import { signInRecord } from '../../src/refresh/sign-in-record.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { endpoint, recipe, roleHop } from './obtain-world.ts';

describe('signInRecord', () => {
  it('is what the state knows of the sign-in that a recipe starts with, and of nothing else', () => {
    const signIn: SignIn = { startUrl: 'https://corp.awsapps.com/start', scopes: [], oidc: endpoint, portal: endpoint };
    const record = { id: signInIdOf(signIn), kind: 'sign-in', profile: parseProfileName('corp') } as const;
    const state = fakeState();
    const center = recipe([{ kind: 'identity-center', signIn, accountId: '123456789012', roleName: 'Admin' }]);
    expect(signInRecord(center, state)).toBeUndefined();
    state.publish(record);
    expect(signInRecord(center, state)).toEqual(record);
    expect(signInRecord(recipe([roleHop]), state)).toBeUndefined();
  });
});
