// Whether the double takes a web identity token: RS256 by the provider's key, its issuer, its audience, its time.

import { verify } from 'node:crypto';
import { Refusal } from './sts-double-refusal.ts';
import type { DoubleProvider, World } from './sts-double-world.ts';

export interface TokenOutcome {
  readonly provider: DoubleProvider;
  readonly subject: string;
  readonly audience: string;
}

/** Throws `Refusal` in AWS's words. */
export function checkToken(token: string, world: World): TokenOutcome {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  const [header, claims] = [decoded(head), decoded(body)];
  if (header === undefined || claims === undefined || rest.length > 0) {
    throw untaken('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)');
  }
  const provider = world.providers.find(({ kind, issuer }) => kind === 'oidc' && issuer === claims['iss']);
  if (provider === undefined) throw untaken(`No OpenIDConnect provider found in your account for ${String(claims['iss'])}`);
  const isSigned = verify('RSA-SHA256', Buffer.from(`${head}.${body}`), provider.publicKey, Buffer.from(signature, 'base64url'));
  if (header['alg'] !== 'RS256' || !isSigned) throw untaken("Couldn't verify the signature of the token");
  const audience = [claims['aud']].flat().find((one): one is string => provider.audiences.some((known) => known === one));
  if (audience === undefined) throw untaken('Incorrect token audience');
  const { exp, sub } = claims;
  if (typeof exp !== 'number' || typeof sub !== 'string') throw untaken('Missing a required claim');
  if (exp * 1000 <= world.now()) {
    const [now, end] = [Math.floor(world.now() / 1000), exp];
    throw new Refusal(
      'ExpiredTokenException',
      `Token expired: current date/time ${now} must be before the expiration date/time ${end}`,
      400,
    );
  }
  return { provider, subject: sub, audience };
}

function untaken(message: string): Refusal {
  return new Refusal('InvalidIdentityToken', message, 400);
}

function decoded(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
