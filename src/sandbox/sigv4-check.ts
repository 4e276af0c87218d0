// Checks a request's Signature Version 4 the way AWS does: by signing it again with the key AWS has, and comparing.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { Refusal } from './sts-double-refusal.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What AWS knows of an access key. */
export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary keys only; the request must carry exactly this one. */
  readonly sessionToken?: string;
  readonly expiresAt?: number;
}

export interface SignatureCheck<K extends SigningKey> {
  readonly findKey: (accessKeyId: string) => K | undefined;
  readonly nowMs: number;
  readonly skewMinutes: number;
  readonly service: string;
  /** The regions that exist; every region when absent. */
  readonly regions?: readonly string[];
}

/** Who signed. Throws `Refusal` with AWS's own code and message. */
export async function checkSignature<K extends SigningKey>(request: ReceivedRequest, check: SignatureCheck<K>): Promise<K> {
  const authorization = parseAuthorization(request);
  const key = findKey(request, authorization, check);
  checkScope(authorization, check);
  checkTime(authorization, check);
  checkPayloadHash(request);
  const expected = await signatureOf(request, authorization, key);
  if (!isSame(expected, authorization.signature)) throw mismatch(wrongSecret);
  return key;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly scopeDate: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20260102T030405Z` */
  readonly signedAt: string;
}

const wrongSecret =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

function mismatch(message: string): Refusal {
  return new Refusal('SignatureDoesNotMatch', message, 403);
}

function parseAuthorization({ headers }: ReceivedRequest): Authorization {
  const header = headers['authorization'];
  if (header === undefined) throw new Refusal('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/\s]+)\/(\d{8})\/([^/\s]+)\/([^/\s]+)\/aws4_request, ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  const [, accessKeyId = '', scopeDate = '', region = '', service = '', signed = '', signature = ''] = match ?? [];
  if (match === null) throw incomplete("Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.");
  const signedAt = headers['x-amz-date'] ?? '';
  if (!/^\d{8}T\d{6}Z$/.test(signedAt)) {
    throw incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  const signedHeaders = signed.split(';');
  const mustBeSigned = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = mustBeSigned.find((name) => !signedHeaders.includes(name));
  if (unsigned !== undefined) {
    const name = unsigned === 'host' ? "'Host' or ':authority'" : `'${unsigned}'`;
    throw mismatch(`${name} must be a 'SignedHeader' in the AWS Authorization.`);
  }
  return { accessKeyId, scopeDate, region, service, signedHeaders, signature, signedAt };
}

function incomplete(message: string): Refusal {
  return new Refusal('IncompleteSignature', message, 400);
}

function findKey<K extends SigningKey>(
  { headers }: ReceivedRequest,
  { accessKeyId }: Authorization,
  { findKey: find, nowMs }: SignatureCheck<K>,
): K {
  const key = find(accessKeyId);
  if (key === undefined || key.sessionToken !== headers['x-amz-security-token']) {
    throw new Refusal('InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
  }
  if (key.expiresAt !== undefined && key.expiresAt <= nowMs) {
    throw new Refusal('ExpiredToken', 'The security token included in the request is expired', 403);
  }
  return key;
}

function checkScope<K extends SigningKey>(authorization: Authorization, { service, regions }: SignatureCheck<K>): void {
  if (authorization.service !== service) throw mismatch(`Credential should be scoped to correct service: '${service}'. `);
  if (regions !== undefined && !regions.includes(authorization.region)) {
    throw mismatch('Credential should be scoped to a valid region. ');
  }
  const day = authorization.signedAt.slice(0, 8);
  if (authorization.scopeDate !== day) {
    throw mismatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${authorization.scopeDate}' != '${day}', from '${authorization.signedAt}'.`,
    );
  }
}

function checkTime<K extends SigningKey>({ signedAt }: Authorization, { nowMs, skewMinutes }: SignatureCheck<K>): void {
  const windowMs = skewMinutes * 60_000;
  const signedAtMs = parseBasicIso(signedAt);
  const now = basicIso(nowMs);
  if (signedAtMs < nowMs - windowMs) {
    throw mismatch(
      `Signature expired: ${signedAt} is now earlier than ${basicIso(nowMs - windowMs)} (${now} - ${skewMinutes} min.)`,
    );
  }
  if (signedAtMs > nowMs + windowMs) {
    throw mismatch(
      `Signature not yet current: ${signedAt} is still later than ${basicIso(nowMs + windowMs)} (${now} + ${skewMinutes} min.)`,
    );
  }
}

// The signer below takes the hash in this header on trust, as AWS's own services do not.
function checkPayloadHash({ headers, body }: ReceivedRequest): void {
  const claimed = headers['x-amz-content-sha256'];
  if (claimed === undefined) return;
  const actual = createHash('sha256').update(body).digest('hex');
  if (claimed !== actual) throw mismatch(wrongSecret);
}

async function signatureOf(request: ReceivedRequest, authorization: Authorization, key: SigningKey): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = key;
  const { region, service, signedHeaders, signedAt } = authorization;
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    sha256: NodeSha256,
    applyChecksum: false,
  });
  const url = new URL(request.path, 'http://localhost');
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: 'localhost',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(signedHeaders.map((name) => [name, request.headers[name] ?? ''])),
      body: request.body,
    },
    { signingDate: new Date(parseBasicIso(signedAt)), signableHeaders: new Set(signedHeaders) },
  );
  return /Signature=([0-9a-f]{64})/.exec(signed.headers['authorization'] ?? '')?.[1] ?? '';
}

// The library brings no hash of its own; with a secret it must be an HMAC.
class NodeSha256 {
  readonly #hash;

  constructor(secret?: SourceData) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: SourceData): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

type SourceData = string | ArrayBuffer | ArrayBufferView;

function bytesOf(data: SourceData): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

function isSame(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

function basicIso(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function parseBasicIso(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
