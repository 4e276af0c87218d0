// What a sign-in to IAM Identity Center yields, and its form in the store. Parsing is strict: what is not exactly one of our items is "broken".

import type { RegisteredClient } from '../ports/identity-center.ts';
import type { ServiceEndpoint } from '../ports/sts.ts';
import { broken, type EpochMs, formatVersion, isEpochMs, type Parsed, parseItem } from './credentials.ts';
import { isFields, isText } from './json.ts';
import { Secret } from './secret.ts';

export interface SignInTokens {
  readonly startUrl: string;
  readonly sessionName?: string;
  /** Where it can be ended, even when no profile leads there any more. */
  readonly portal: ServiceEndpoint;
  readonly client: RegisteredClient;
  readonly accessToken: Secret;
  readonly accessExpiresAt: EpochMs;
  /** Absent where the organisation gives none, and once it was refused. */
  readonly refreshToken?: Secret;
  /** When the person signed in. */
  readonly signedInAt: EpochMs;
}

/** Until when it makes access tokens without a person, unless the organisation ends it sooner: the registration of the client ends as well. */
export function signInEnd({ client, accessExpiresAt, refreshToken }: SignInTokens): EpochMs {
  return refreshToken === undefined ? accessExpiresAt : Math.max(client.expiresAt, accessExpiresAt);
}

export function toSignInItem(tokens: SignInTokens, account: string): Secret {
  const { client, accessToken, refreshToken, ...plain } = tokens;
  return new Secret(
    JSON.stringify({
      v: formatVersion,
      account,
      ...plain,
      client: { ...client, clientSecret: client.clientSecret.reveal() },
      accessToken: accessToken.reveal(),
      refreshToken: refreshToken?.reveal(),
    }),
  );
}

/** Throws `format-newer` for an item of a later format. */
export function parseSignInItem(item: Secret, account: string): Parsed<SignInTokens> {
  const fields = parseItem(item, account);
  if (fields.kind === 'broken') return fields;
  const { startUrl, sessionName, accessToken, accessExpiresAt, refreshToken, signedInAt } = fields.value;
  const client = parseClient(fields.value['client']);
  const portal = parseEndpoint(fields.value['portal']);
  if (!isText(startUrl) || !isText(accessToken)) return broken('a field is missing');
  if (client === undefined || portal === undefined) return broken('its client or its portal is missing');
  if (!isEpochMs(accessExpiresAt) || !isEpochMs(signedInAt)) return broken('a time is missing or wrong');
  return {
    kind: 'ok',
    value: {
      startUrl,
      ...(isText(sessionName) ? { sessionName } : {}),
      portal,
      client,
      accessToken: new Secret(accessToken),
      accessExpiresAt,
      ...(isText(refreshToken) ? { refreshToken: new Secret(refreshToken) } : {}),
      signedInAt,
    },
  };
}

function parseClient(raw: unknown): RegisteredClient | undefined {
  if (!isFields(raw)) return undefined;
  const { clientId, clientSecret, expiresAt, flow } = raw;
  if (!isText(clientId) || !isText(clientSecret) || !isEpochMs(expiresAt)) return undefined;
  if (flow !== 'browser' && flow !== 'device') return undefined;
  return { clientId, clientSecret: new Secret(clientSecret), expiresAt, flow };
}

function parseEndpoint(raw: unknown): ServiceEndpoint | undefined {
  if (!isFields(raw)) return undefined;
  const { region, url, useFips, useDualstack } = raw;
  if (!isText(region) || typeof useFips !== 'boolean' || typeof useDualstack !== 'boolean') return undefined;
  return { region, ...(isText(url) ? { url } : {}), useFips, useDualstack };
}
