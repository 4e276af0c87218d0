// How people sign in to the double: registered clients, authorization codes with PKCE, devices, tokens that rotate. Knows nothing of HTTP.

import { createHash, randomBytes } from 'node:crypto';
import { Refused, refusedSignIn } from './identity-center-refused.ts';

/** `waits`: leaves the page as it is. */
export type Person = 'allows' | 'denies' | 'waits';

export interface SignInDesk {
  person(does: Person): void;
  register(request: Fields): Fields;
  authorize(query: URLSearchParams): { readonly location: string } | { readonly page: string };
  startDevice(request: Fields): Fields;
  createToken(request: Fields): Fields;
  /** Throws as the portal refuses. */
  checkAccess(token: unknown): void;
  logout(token: unknown): void;
  endSignIns(): void;
  forgetClients(): void;
  accessToken(): string;
  /** All that was ever given out and must not be shown. */
  secrets(): readonly string[];
}

export interface DeskOptions {
  readonly startUrl: string;
  readonly url: () => string;
  readonly now: () => number;
  readonly sessionSeconds: number;
  readonly accessSeconds: number;
  readonly givesRefreshTokens: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

interface Client {
  readonly secret: string;
  readonly expiresAt: number;
  readonly redirects: readonly string[];
  /** Absent in the request: whatever is not bound to a redirect. */
  readonly grants: readonly string[] | undefined;
  readonly scopes: readonly string[];
}

interface Session {
  readonly clientId: string;
  readonly endsAt: number;
  isOver: boolean;
}

interface Code {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly endsAt: number;
}

interface Device {
  readonly clientId: string;
  readonly endsAt: number;
  intervalMs: number;
  askedAt: number;
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const day = 86_400_000;
const loopback = /^http:\/\/127\.0\.0\.1(?::\d+)?(\/[^?#]*)$/;

export function createSignInDesk(options: DeskOptions): SignInDesk {
  const { now, startUrl } = options;
  const clients = new Map<string, Client>();
  const codes = new Map<string, Code>();
  const devices = new Map<string, Device>();
  const refreshes = new Map<string, Session>();
  const accesses = new Map<string, { readonly session: Session; readonly endsAt: number }>();
  const given: string[] = [];
  let does: Person = 'allows';

  const newSecret = (prefix: string, bytes: number): string => {
    const secret = `${prefix}${randomBytes(bytes).toString('base64url')}`;
    given.push(secret);
    return secret;
  };

  const beginSession = (clientId: string): Session => ({
    clientId,
    endsAt: now() + options.sessionSeconds * 1000,
    isOver: false,
  });
  const isLive = (session: Session) => !session.isOver && session.endsAt > now();

  function issue(session: Session): Fields {
    const accessToken = newSecret('aoa', 60);
    const expiresIn = Math.floor(Math.min(options.accessSeconds, (session.endsAt - now()) / 1000));
    accesses.set(accessToken, { session, endsAt: now() + expiresIn * 1000 });
    const isRefreshable =
      options.givesRefreshTokens && clients.get(session.clientId)?.scopes.includes('sso:account:access') === true;
    if (!isRefreshable) return { accessToken, expiresIn, tokenType: 'Bearer' };
    const refreshToken = newSecret('aor', 60);
    refreshes.set(refreshToken, session);
    return { accessToken, expiresIn, tokenType: 'Bearer', refreshToken };
  }

  function clientOf(request: Fields): string {
    const { clientId, clientSecret } = request;
    const client = typeof clientId === 'string' ? clients.get(clientId) : undefined;
    if (typeof clientId !== 'string' || client === undefined || client.secret !== clientSecret || client.expiresAt <= now()) {
      throw refusedSignIn('InvalidClientException', 'Invalid client provided');
    }
    return clientId;
  }

  function byCode(clientId: string, { code, redirectUri, codeVerifier }: Fields): Session {
    const known = typeof code === 'string' ? codes.get(code) : undefined;
    if (typeof code === 'string') codes.delete(code); // good for one time, right or wrong
    const isProven = typeof codeVerifier === 'string' && /^[\w.~-]{43,128}$/.test(codeVerifier);
    const challenge = isProven ? createHash('sha256').update(codeVerifier).digest('base64url') : '';
    if (known === undefined || known.clientId !== clientId || known.endsAt <= now()) {
      throw refusedSignIn('InvalidGrantException', 'Invalid authorization code');
    }
    if (known.redirectUri !== redirectUri || known.challenge !== challenge) {
      throw refusedSignIn('InvalidGrantException', 'Invalid redirect or verifier');
    }
    return beginSession(clientId);
  }

  function byDevice(clientId: string, { deviceCode }: Fields): Session {
    const device = typeof deviceCode === 'string' ? devices.get(deviceCode) : undefined;
    if (device === undefined || device.clientId !== clientId) throw refusedSignIn('InvalidGrantException', 'Invalid device code');
    if (device.endsAt <= now()) throw refusedSignIn('ExpiredTokenException', 'Invalid device code provided: it has expired');
    const isTooOften = now() - device.askedAt < device.intervalMs;
    device.askedAt = now();
    if (isTooOften) {
      device.intervalMs += 5_000; // RFC 8628, 3.5
      throw refusedSignIn('SlowDownException', 'slow down');
    }
    if (does === 'denies') throw refusedSignIn('AccessDeniedException', 'the person said no');
    if (does === 'waits') throw refusedSignIn('AuthorizationPendingException', 'nobody has approved it yet');
    devices.delete(String(deviceCode));
    return beginSession(clientId);
  }

  function byRefresh(clientId: string, { refreshToken }: Fields): Session {
    const session = typeof refreshToken === 'string' ? refreshes.get(refreshToken) : undefined;
    if (session === undefined || session.clientId !== clientId || !isLive(session)) {
      throw refusedSignIn('InvalidGrantException', 'Invalid refresh token provided');
    }
    refreshes.delete(String(refreshToken));
    return session;
  }

  const grants: Readonly<Record<string, (clientId: string, request: Fields) => Session>> = {
    authorization_code: byCode,
    [deviceGrant]: byDevice,
    refresh_token: byRefresh,
  };

  return {
    person: (doing) => {
      does = doing;
    },
    register: (request) => {
      const { clientName, clientType, issuerUrl } = request;
      const [scopes, redirects] = [texts(request['scopes']) ?? [], texts(request['redirectUris']) ?? []];
      const asked = texts(request['grantTypes']);
      if (typeof clientName !== 'string' || clientType !== 'public')
        throw refusedSignIn('InvalidClientMetadataException', 'public clients only');
      if (scopes.some((scope) => !/^(sso|codewhisperer):[\w:]+$/.test(scope)))
        throw refusedSignIn('InvalidScopeException', 'Invalid scope');
      if (redirects.some((uri) => !/^http:\/\/127\.0\.0\.1\/[\w/]+$/.test(uri))) {
        throw refusedSignIn('InvalidRedirectUriException', 'loopback only, without a port');
      }
      if (asked?.some((grant) => grants[grant] === undefined) === true)
        throw refusedSignIn('UnsupportedGrantTypeException', 'unknown grant');
      if (asked?.includes('authorization_code') === true && (redirects.length === 0 || issuerUrl !== startUrl)) {
        throw refusedSignIn('InvalidRequestException', 'redirectUris and issuerUrl are needed');
      }
      const [clientId, secret] = [randomBytes(16).toString('base64url'), newSecret('', 200)];
      const expiresAt = Math.floor(now() / 1000) * 1000 + 90 * day;
      clients.set(clientId, { secret, expiresAt, redirects, grants: asked, scopes });
      return {
        clientId,
        clientSecret: secret,
        clientIdIssuedAt: Math.floor(now() / 1000),
        clientSecretExpiresAt: expiresAt / 1000,
      };
    },
    authorize: (query) => {
      const get = (name: string) => query.get(name) ?? '';
      const client = clients.get(get('client_id'));
      const redirectUri = get('redirect_uri');
      const path = loopback.exec(redirectUri)?.[1];
      const isKnown = client?.redirects.includes(`http://127.0.0.1${path ?? ''}`) === true && client.expiresAt > now();
      // Nobody is sent to a place that was not registered.
      if (!isKnown || client.grants?.includes('authorization_code') !== true)
        throw new Refused('InvalidRequestException', 'bad client', 400);
      const isWhole = get('response_type') === 'code' && get('code_challenge_method') === 'S256' && get('state') !== '';
      const scopes = get('scopes').split(' ');
      const to = new URL(redirectUri);
      to.searchParams.set('state', get('state'));
      if (!isWhole || !/^[\w-]{43}$/.test(get('code_challenge')) || scopes.some((scope) => !client.scopes.includes(scope))) {
        to.searchParams.set('error', 'invalid_request');
        return { location: to.href };
      }
      if (does === 'waits') return { page: '<!doctype html><title>Double</title><p>Allow rolekeeper?</p>' };
      if (does === 'denies') {
        to.searchParams.set('error', 'access_denied');
        to.searchParams.set('error_description', 'the person said no');
        return { location: to.href };
      }
      const code = newSecret('', 24);
      codes.set(code, { clientId: get('client_id'), redirectUri, challenge: get('code_challenge'), endsAt: now() + 600_000 });
      to.searchParams.set('code', code);
      return { location: to.href };
    },
    startDevice: (request) => {
      const clientId = clientOf(request);
      if (clients.get(clientId)?.grants?.includes(deviceGrant) === false)
        throw refusedSignIn('UnauthorizedClientException', 'not for devices');
      if (request['startUrl'] !== startUrl) throw refusedSignIn('InvalidRequestException', 'Invalid startUrl');
      const deviceCode = newSecret('', 32);
      devices.set(deviceCode, { clientId, endsAt: now() + 600_000, intervalMs: 1_000, askedAt: 0 });
      const verificationUri = `${options.url()}/device`;
      const whole = { verificationUriComplete: `${verificationUri}?user_code=ABCD-EFGH`, expiresIn: 600, interval: 1 };
      return { deviceCode, userCode: 'ABCD-EFGH', verificationUri, ...whole };
    },
    createToken: (request) => {
      const clientId = clientOf(request);
      const grant = grants[String(request['grantType'])];
      if (grant === undefined) throw refusedSignIn('UnsupportedGrantTypeException', 'unknown grant');
      return issue(grant(clientId, request));
    },
    checkAccess: (token) => {
      const known = typeof token === 'string' ? accesses.get(token) : undefined;
      if (known === undefined || known.endsAt <= now() || !isLive(known.session)) {
        throw new Refused('UnauthorizedException', 'Session token not found or invalid', 401);
      }
    },
    logout: (token) => {
      const known = typeof token === 'string' ? accesses.get(token) : undefined;
      if (known === undefined) throw new Refused('UnauthorizedException', 'Session token not found or invalid', 401);
      known.session.isOver = true;
    },
    endSignIns: () => {
      for (const session of refreshes.values()) session.isOver = true;
      for (const { session } of accesses.values()) session.isOver = true;
    },
    forgetClients: () => clients.clear(),
    accessToken: () => String(issue(beginSession('another program'))['accessToken']),
    secrets: () => [...given],
  };
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}
