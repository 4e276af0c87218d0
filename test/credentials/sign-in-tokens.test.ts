import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import { parseSignInItem, type SignInTokens, signInEnd, toSignInItem } from '../../src/credentials/sign-in-tokens.ts';

const account = 'sso/1234';
const tokens = {
  startUrl: 'https://corp.awsapps.com/start',
  sessionName: 'corp',
  portal: { region: 'eu-west-1', url: 'http://127.0.0.1:1', useFips: false, useDualstack: true },
  client: { clientId: 'id', clientSecret: new Secret('client-secret'), expiresAt: 3_000, flow: 'browser' },
  accessToken: new Secret('access'),
  accessExpiresAt: 2_000,
  refreshToken: new Secret('refresh'),
  signedInAt: 1_000,
} as const satisfies SignInTokens;

/** The stored item as plain fields, with some of them replaced. */
function item(changes: Readonly<Record<string, unknown>> = {}): Secret {
  return new Secret(JSON.stringify({ ...JSON.parse(toSignInItem(tokens, account).reveal()), ...changes }));
}

describe('signInEnd', () => {
  it('is that of the registration, where a refresh token makes access tokens until then', () => {
    expect(signInEnd(tokens)).toBe(3_000);
    expect(signInEnd({ ...tokens, accessExpiresAt: 4_000 })).toBe(4_000);
  });

  it('is that of the access token where there is no other', () => {
    const { refreshToken: _, ...bare } = tokens;
    expect(signInEnd(bare)).toBe(2_000);
  });
});

describe('parseSignInItem', () => {
  it('reads back all that toSignInItem wrote, secrets included', () => {
    const parsed = parseSignInItem(item(), account);
    expect(parsed).toEqual({ kind: 'ok', value: tokens });
    if (parsed.kind !== 'ok') return;
    const { client, accessToken, refreshToken } = parsed.value;
    expect([client.clientSecret, accessToken, refreshToken].map((secret) => secret?.reveal())).toEqual([
      'client-secret',
      'access',
      'refresh',
    ]);
  });

  it('reads one without what may be absent', () => {
    const { url: _, ...portal } = tokens.portal;
    const { sessionName: _name, refreshToken: _token, ...rest } = tokens;
    const bare = { ...rest, portal, client: { ...rest.client, flow: 'device' as const } };
    expect(parseSignInItem(toSignInItem(bare, account), account)).toStrictEqual({ kind: 'ok', value: bare });
  });

  it('is broken where it is no item, or one of another place', () => {
    expect(parseSignInItem(new Secret('['), account)).toEqual({ kind: 'broken', problem: 'not a JSON object' });
    expect(parseSignInItem(item(), 'sso/5678').kind).toBe('broken');
  });

  const plainClient = { clientId: 'id', clientSecret: 'client-secret', expiresAt: 3_000, flow: 'browser' };

  it.each([
    ['a field is missing', { startUrl: '' }],
    ['a field is missing', { accessToken: undefined }],
    ['its client or its portal is missing', { client: undefined }],
    ['its client or its portal is missing', { client: { ...plainClient, clientId: 7 } }],
    ['its client or its portal is missing', { client: { ...plainClient, clientSecret: '' } }],
    ['its client or its portal is missing', { client: { ...plainClient, expiresAt: 'soon' } }],
    ['its client or its portal is missing', { client: { ...plainClient, flow: 'other' } }],
    ['its client or its portal is missing', { portal: 'eu-west-1' }],
    ['its client or its portal is missing', { portal: undefined }],
    ['its client or its portal is missing', { portal: { ...tokens.portal, region: '' } }],
    ['its client or its portal is missing', { portal: { ...tokens.portal, useFips: 'no' } }],
    ['its client or its portal is missing', { portal: { ...tokens.portal, useDualstack: undefined } }],
    ['a time is missing or wrong', { accessExpiresAt: -1 }],
    ['a time is missing or wrong', { signedInAt: undefined }],
  ])('is broken, since %s: %j', (problem, changes) => {
    expect(parseSignInItem(item(changes), account)).toEqual({ kind: 'broken', problem });
  });
});
