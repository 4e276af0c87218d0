// Signature Version 4 with a certificate's key instead of a secret one: what is signed, and the header that carries it. Pure.
// IAM Roles Anywhere user guide, "The IAM Roles Anywhere authentication signing process". @smithy/signature-v4 knows shared secrets only:
// its algorithm, its signing key and its access key id are each something else here.

import { sign } from 'node:crypto';
import type { KeyKind, SigningIdentity } from './certificate.ts';
import type { EpochMs } from './credentials.ts';
import { sha256Hex } from './digest.ts';

/** One POST, as it will leave. */
export interface X509Request {
  readonly path: string;
  /** Not encoded. */
  readonly query: Readonly<Record<string, string>>;
  /** Each of them is signed. Lower-case names, values without spaces to fold. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface X509Scope {
  readonly region: string;
  readonly at: EpochMs;
}

/** The headers that carry the certificate and the time, to be signed with the rest. */
export function certificateHeaders(
  { certificate, intermediates }: Pick<SigningIdentity, 'certificate' | 'intermediates'>,
  at: EpochMs,
): Readonly<Record<string, string>> {
  return {
    'x-amz-date': basicTime(at),
    'x-amz-x509': certificate.der.toString('base64'),
    ...(intermediates.length === 0 ? {} : { 'x-amz-x509-chain': intermediates.map((der) => der.toString('base64')).join(',') }),
  };
}

/** The `Authorization` header. */
export function authorizationOf(request: X509Request, identity: SigningIdentity, scope: X509Scope): string {
  const { certificate, key, keyKind } = identity;
  const signature = sign('sha256', Buffer.from(stringToSign(request, keyKind, scope)), key).toString('hex');
  const credential = `${certificate.serial}/${scopeOf(scope)}`;
  return `${algorithmOf(keyKind)} Credential=${credential}, SignedHeaders=${signedHeaders(request)}, Signature=${signature}`;
}

export function stringToSign(request: X509Request, keyKind: KeyKind, scope: X509Scope): string {
  return [algorithmOf(keyKind), basicTime(scope.at), scopeOf(scope), sha256Hex(canonicalRequest(request))].join('\n');
}

export function canonicalRequest(request: X509Request): string {
  const { path, query, headers, body } = request;
  return [
    'POST',
    path,
    canonicalQuery(query),
    ...sorted(headers).map(([name, value]) => `${name}:${value}`),
    '',
    signedHeaders(request),
    sha256Hex(body),
  ].join('\n');
}

/** As it is signed and as it is sent. */
export function canonicalQuery(query: X509Request['query']): string {
  return sorted(query)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .join('&');
}

function algorithmOf(keyKind: KeyKind): string {
  return `AWS4-X509-${keyKind}-SHA256`;
}

function scopeOf({ region, at }: X509Scope): string {
  return `${basicTime(at).slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
}

function signedHeaders({ headers }: X509Request): string {
  return sorted(headers)
    .map(([name]) => name)
    .join(';');
}

function sorted(pairs: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `20260102T030405Z` */
function basicTime(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

// RFC 3986: JavaScript leaves five characters alone that are reserved there.
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
