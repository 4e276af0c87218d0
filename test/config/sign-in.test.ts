import { describe, expect, it } from 'vitest';
import { describeSignIn, type SignIn, signInIdOf } from '../../src/config/sign-in.ts';

const place = { region: 'eu-west-1', useFips: false, useDualstack: false };
const signIn: SignIn = {
  sessionName: 'corp',
  startUrl: 'https://corp.example/start',
  scopes: ['sso:account:access'],
  oidc: place,
  portal: place,
};

describe('signInIdOf', () => {
  it("gives this very id: people's sign-ins are found by it", () => {
    expect(signInIdOf(signIn)).toBe('0f1fe370f990f6202f05d69e374b07e1');
  });

  it.each<[string, Partial<SignIn>]>([
    ['another section', { sessionName: 'other' }],
    ['another place', { startUrl: 'https://other.example/start' }],
    ['other scopes', { scopes: [] }],
    ['another region', { oidc: { ...place, region: 'us-east-1' } }],
    ['another endpoint', { oidc: { ...place, url: 'https://oidc.example' } }],
  ])('gives another to %s', (_what, change) => {
    expect(signInIdOf({ ...signIn, ...change })).not.toBe(signInIdOf(signIn));
  });

  it('gives the same whatever the portal: it is not signed in to', () => {
    expect(signInIdOf({ ...signIn, portal: { ...place, url: 'https://portal.example' } })).toBe(signInIdOf(signIn));
  });
});

describe('describeSignIn', () => {
  it('names the section, where there is one, and the place', () => {
    expect(describeSignIn(signIn)).toBe('"corp" (https://corp.example/start)');
    expect(describeSignIn({ startUrl: 'https://corp.example/start' })).toBe('https://corp.example/start');
  });
});
