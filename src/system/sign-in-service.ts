// Where people sign in to IAM Identity Center (its OIDC service). The only importer of @aws-sdk/client-sso-oidc.

import {
  CreateTokenCommand,
  type CreateTokenRequest,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand,
} from '@aws-sdk/client-sso-oidc';
import { Secret } from '../credentials/secret.ts';
import type { SignInService, TokenGrant, TokenOutcome } from '../ports/identity-center.ts';
import type { ServiceEndpoint } from '../ports/sts.ts';
import type { Clock } from '../ports/time.ts';
import { type ClientSettings, createErrands, type IdentityCenterOptions } from './identity-center-call.ts';
import { refusalIn } from './sts-failure.ts';
import { ReplyProblem } from './sts-http.ts';

/** Without the port: AWS takes any port of the loopback interface then (RFC 8252, 7.3). */
const registeredRedirect = 'http://127.0.0.1/oauth/callback';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** The real one. Opens nothing until it is called and keeps no connection between calls. */
export function createSignInService(options: IdentityCenterOptions): SignInService {
  const { clock } = options;
  const errands = createErrands(options);
  const construct = (settings: ClientSettings) => new SSOOIDCClient(settings);
  return {
    register: ({ oidc, startUrl, scopes }, flow, call) =>
      errands.run({ operation: 'RegisterClient', endpoint: oidc, call }, construct, async (client) => {
        const ofFlow =
          flow === 'browser'
            ? { grantTypes: ['authorization_code', 'refresh_token'], redirectUris: [registeredRedirect], issuerUrl: startUrl }
            : {};
        const command = { clientName: 'rolekeeper', clientType: 'public', scopes: [...scopes], ...ofFlow };
        const { clientId, clientSecret, clientSecretExpiresAt } = await client.send(new RegisterClientCommand(command));
        if (!clientId || !clientSecret || !clientSecretExpiresAt) throw new ReplyProblem('its reply registers no client');
        return { clientId, clientSecret: new Secret(clientSecret), expiresAt: clientSecretExpiresAt * 1000, flow };
      }),
    authorizeUrl: ({ oidc, scopes }, { clientId }, { redirectUri, state, codeChallenge }) => {
      const url = new URL(`${baseUrl(oidc)}/authorize`);
      // `scopes`, with blanks between, is what AWS's own programs send.
      const query = {
        ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state },
        ...{ code_challenge_method: 'S256', code_challenge: codeChallenge, scopes: scopes.join(' ') },
      };
      url.search = new URLSearchParams(query).toString();
      return url.href;
    },
    startDevice: ({ oidc, startUrl }, { clientId, clientSecret }, call) =>
      errands.run({ operation: 'StartDeviceAuthorization', endpoint: oidc, call }, construct, async (client) => {
        const command = { clientId, clientSecret: clientSecret.reveal(), startUrl };
        const reply = await client.send(new StartDeviceAuthorizationCommand(command));
        const { deviceCode, userCode, verificationUri, verificationUriComplete = verificationUri, expiresIn, interval } = reply;
        if (!deviceCode || !userCode || !verificationUri || !verificationUriComplete || !expiresIn) {
          throw new ReplyProblem('its reply has no code for a device');
        }
        // Somebody is about to read these on a terminal.
        if (![userCode, verificationUri, verificationUriComplete].every((shown) => /^[!-~]+$/.test(shown))) {
          throw new ReplyProblem('its reply has signs that belong in no address or code');
        }
        return {
          deviceCode: new Secret(deviceCode),
          userCode,
          verificationUrl: verificationUri,
          completeUrl: verificationUriComplete,
          expiresAt: clock.now() + expiresIn * 1000,
          intervalMs: (interval ?? defaultIntervalSeconds) * 1000,
        };
      }),
    exchange: (grant, { signIn: { oidc }, client: { clientId, clientSecret }, call }) =>
      errands.run({ operation: 'CreateToken', endpoint: oidc, call }, construct, async (client) => {
        const command = new CreateTokenCommand({ clientId, clientSecret: clientSecret.reveal(), ...grantFields(grant) });
        try {
          return issuedBy(await client.send(command), clock);
        } catch (error) {
          return outcomeOf(error);
        }
      }),
  };
}

/** RFC 8628, 3.2, where the service says nothing. */
const defaultIntervalSeconds = 5;

/** As the endpoint rules of the SDK have it, which builds no page for people. */
function baseUrl({ region, url, useFips, useDualstack }: ServiceEndpoint): string {
  if (url !== undefined) return url.replace(/\/+$/, '');
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://oidc${useFips ? '-fips' : ''}.${region}.${useDualstack ? 'api.aws' : domain}`;
}

function grantFields(grant: TokenGrant): Pick<CreateTokenRequest, 'grantType'> & Partial<CreateTokenRequest> {
  switch (grant.kind) {
    case 'code':
      return {
        grantType: 'authorization_code',
        code: grant.code.reveal(),
        codeVerifier: grant.verifier.reveal(),
        redirectUri: grant.redirectUri,
      };
    case 'device':
      return { grantType: deviceGrant, deviceCode: grant.deviceCode.reveal() };
    case 'refresh':
      return { grantType: 'refresh_token', refreshToken: grant.refreshToken.reveal() };
    default:
      return grant satisfies never;
  }
}

interface TokenReply {
  readonly accessToken?: string | undefined;
  readonly expiresIn?: number | undefined;
  readonly refreshToken?: string | undefined;
}

function issuedBy({ accessToken, expiresIn, refreshToken }: TokenReply, clock: Clock): TokenOutcome {
  if (!accessToken || !expiresIn) throw new ReplyProblem('its reply holds no access token');
  return {
    kind: 'issued',
    tokens: {
      accessToken: new Secret(accessToken),
      accessExpiresAt: clock.now() + expiresIn * 1000,
      ...(refreshToken ? { refreshToken: new Secret(refreshToken) } : {}),
    },
  };
}

/** What ends this grant, and no other one: all else is a failure of the call. */
const finalCodes: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidClientException',
  'InvalidGrantException',
  'UnauthorizedClientException',
]);

function outcomeOf(error: unknown): TokenOutcome {
  const refusal = refusalIn(error);
  if (refusal?.awsCode === 'AuthorizationPendingException') return { kind: 'pending' };
  if (refusal?.awsCode === 'SlowDownException') return { kind: 'slow-down' };
  if (refusal === undefined || !finalCodes.has(refusal.awsCode)) throw error;
  return { kind: 'refused', awsCode: refusal.awsCode, words: refusal.message.slice(0, 300) };
}
