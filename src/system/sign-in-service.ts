// Where people sign in to IAM Identity Center (its OIDC service). The only importer of @aws-sdk/client-sso-oidc.

import {
  CreateTokenCommand,
  type CreateTokenRequest,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand,
  type StartDeviceAuthorizationResponse,
} from '@aws-sdk/client-sso-oidc';
import { soundEnd } from '../credentials/credentials.ts';
import { reasonIn } from '../credentials/foreign-words.ts';
import { isWord } from '../credentials/json.ts';
import { Secret } from '../credentials/secret.ts';
import type { DeviceAuthorization, SignInService, TokenGrant, TokenOutcome } from '../ports/identity-center.ts';
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
      errands.run({ operation: 'RegisterClient', endpoint: oidc, call, sent: [] }, construct, async (client) => {
        const ofFlow =
          flow === 'browser'
            ? { grantTypes: ['authorization_code', 'refresh_token'], redirectUris: [registeredRedirect], issuerUrl: startUrl }
            : {};
        const command = { clientName: 'rolekeeper', clientType: 'public', scopes: [...scopes], ...ofFlow };
        const { clientId, clientSecret, clientSecretExpiresAt = 0 } = await client.send(new RegisterClientCommand(command));
        const expiresAt = soundEnd(clientSecretExpiresAt * 1000, { now: clock.now(), longestMs: longest.registrationMs });
        if (!clientId || !clientSecret || expiresAt === undefined) throw new ReplyProblem('its reply registers no client');
        return { clientId, clientSecret: new Secret(clientSecret), expiresAt, flow };
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
      errands.run(
        { operation: 'StartDeviceAuthorization', endpoint: oidc, call, sent: [clientSecret] },
        construct,
        async (client) => {
          const command = { clientId, clientSecret: clientSecret.reveal(), startUrl };
          return authorizationIn(await client.send(new StartDeviceAuthorizationCommand(command)), clock);
        },
      ),
    exchange: (grant, { signIn: { oidc }, client: { clientId, clientSecret }, call }) => {
      const sent = [clientSecret, ...secretsOf(grant)];
      return errands.run({ operation: 'CreateToken', endpoint: oidc, call, sent }, construct, async (client) => {
        const command = new CreateTokenCommand({ clientId, clientSecret: clientSecret.reveal(), ...grantFields(grant) });
        try {
          return issuedBy(await client.send(command), clock);
        } catch (error) {
          return outcomeOf(error, { grant, sent });
        }
      });
    },
  };
}

/** Times that a service tells in milliseconds, say, or without end: with less than these nobody loses anything. */
const longest = {
  /** AWS's own are good for as long. */
  registrationMs: 90 * 86_400_000,
  tokenMs: 90 * 86_400_000,
  deviceMs: 3_600_000,
} as const;

function authorizationIn(reply: StartDeviceAuthorizationResponse, clock: Clock): DeviceAuthorization {
  const { deviceCode, userCode, verificationUri: page, verificationUriComplete: completePage = page, expiresIn = 0 } = reply;
  const now = clock.now();
  const expiresAt = soundEnd(now + expiresIn * 1000, { now, longestMs: longest.deviceMs });
  if (!deviceCode || !userCode || !page || !completePage || expiresAt === undefined) {
    throw new ReplyProblem('its reply has no code for a device');
  }
  // Somebody is about to read these on a terminal, and to type one or let a camera see the other.
  const isReadable = /^[!-~]{1,64}$/.test(userCode) && isPage(page) && isPage(completePage);
  if (!isReadable) throw new ReplyProblem('its reply has signs that belong in no address or code');
  const intervalMs = intervalIn(reply.interval);
  return {
    deviceCode: new Secret(deviceCode),
    userCode,
    verificationUrl: page,
    completeUrl: completePage,
    expiresAt,
    intervalMs,
  };
}

/** RFC 8628, 3.2, where the service says nothing. Never a flood, and never so slow that nobody waits. */
function intervalIn(seconds: number | undefined): number {
  const asked = typeof seconds === 'number' ? seconds : 5;
  return Math.min(Math.max(asked, 1), 60) * 1000;
}

/** Short enough for a terminal and for a QR code. */
function isPage(url: string): boolean {
  return /^https?:\/\/[!-~]{1,1000}$/.test(url);
}

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

function secretsOf(grant: TokenGrant): readonly Secret[] {
  switch (grant.kind) {
    case 'code':
      return [grant.code, grant.verifier];
    case 'device':
      return [grant.deviceCode];
    case 'refresh':
      return [grant.refreshToken];
    default:
      return grant satisfies never;
  }
}

interface TokenReply {
  readonly accessToken?: string | undefined;
  readonly expiresIn?: number | undefined;
  readonly refreshToken?: string | undefined;
}

function issuedBy({ accessToken, expiresIn = 0, refreshToken }: TokenReply, clock: Clock): TokenOutcome {
  const now = clock.now();
  const accessExpiresAt = soundEnd(now + expiresIn * 1000, { now, longestMs: longest.tokenMs });
  if (!isWord(accessToken) || accessExpiresAt === undefined) throw new ReplyProblem('its reply holds no access token');
  return {
    kind: 'issued',
    tokens: {
      accessToken: new Secret(accessToken),
      accessExpiresAt,
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

function outcomeOf(
  error: unknown,
  { grant, sent }: { readonly grant: TokenGrant; readonly sent: readonly Secret[] },
): TokenOutcome {
  const refusal = refusalIn(error, sent);
  if (grant.kind === 'device' && refusal?.awsCode === 'AuthorizationPendingException') return { kind: 'pending' };
  if (grant.kind === 'device' && refusal?.awsCode === 'SlowDownException') return { kind: 'slow-down' };
  if (refusal === undefined || !finalCodes.has(refusal.awsCode)) throw error;
  return { kind: 'refused', awsCode: refusal.awsCode, words: reasonIn(refusal.message) };
}
