// Checks an AWS4-X509 signature the way IAM Roles Anywhere does, with AWS's own code for the canonical form.

import { createHash, verify, X509Certificate } from 'node:crypto';
import { getCanonicalHeaders, SignatureV4 } from '@smithy/signature-v4';

/** With AWS's code and words. */
export class Refused extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 403) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** AWS's own canonical form, which its SDK keeps to itself. */
class AwsForm extends SignatureV4 {
  constructor(region: string) {
    super({ region, service: 'rolesanywhere', credentials: { accessKeyId: '', secretAccessKey: '' }, sha256: NoHash });
  }

  canonicalRequest(received: Received, signedHeaders: readonly string[]): string {
    const request = {
      ...received,
      protocol: 'http:',
      hostname: '',
      headers: { ...received.headers },
      query: { ...received.query },
    };
    const headers = getCanonicalHeaders({ ...request, method: received.method }, undefined, new Set(signedHeaders));
    const signed = Object.fromEntries(Object.entries(headers).filter(([name]) => signedHeaders.includes(name)));
    return this.createCanonicalRequest(request, signed, sha256(received.body));
  }
}

/** The signer asks for one, and for the canonical form never uses it. */
class NoHash {
  update(): void {
    throw new Error('nothing is hashed here');
  }

  async digest(): Promise<Uint8Array> {
    throw new Error('nothing is hashed here');
  }

  reset(): void {
    throw new Error('nothing is hashed here');
  }
}

const skewMs = 15 * 60_000;

export type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** The certificate that signed, and those that were sent along. Throws `Refused`. */
export function checkX509Signature(
  received: Received,
  { region, now }: { readonly region: string; readonly now: () => number },
): Chain {
  const { method, path, headers } = received;
  if (method !== 'POST' || path !== '/sessions')
    throw new Refused('UnknownOperationException', 'there is only POST /sessions', 404);
  if (headers['content-type'] !== 'application/json') throw new Refused('ValidationException', 'content-type', 400);
  const authorization =
    /^AWS4-X509-(RSA|ECDSA)-SHA256 Credential=(\d+)\/(\d{8})\/([a-z0-9-]+)\/rolesanywhere\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]+)$/.exec(
      headers['authorization'] ?? '',
    );
  if (authorization === null) throw new Refused('AccessDeniedException', 'Missing or malformed authorization');
  const [, keyKind, serial = '', day = '', scopeRegion = '', names = '', signature = ''] = authorization;
  const signedHeaders = names.split(';');
  const mustBeSigned = ['content-type', 'host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const isSigned = mustBeSigned.every((name) => signedHeaders.includes(name)) && [...signedHeaders].sort().join(';') === names;
  if (!isSigned) throw new Refused('AccessDeniedException', 'Invalid signature');
  const chain = chainIn(headers);
  const [leaf] = chain;
  const date = headers['x-amz-date'] ?? '';
  checkDate(date, now());
  const isScoped = scopeRegion === region && date.startsWith(day) && BigInt(`0x${leaf.serialNumber}`).toString() === serial;
  const isKind = leaf.publicKey.asymmetricKeyType === (keyKind === 'RSA' ? 'rsa' : 'ec');
  const text = [
    `AWS4-X509-${keyKind}-SHA256`,
    date,
    `${day}/${scopeRegion}/rolesanywhere/aws4_request`,
    sha256(new AwsForm(region).canonicalRequest(received, signedHeaders)),
  ].join('\n');
  const isRight = verify('sha256', Buffer.from(text), leaf.publicKey, Buffer.from(signature, 'hex'));
  if (!isScoped || !isKind || !isRight) throw new Refused('AccessDeniedException', 'Invalid signature');
  return chain;
}

function checkDate(date: string, now: number): void {
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!Number.isFinite(at)) throw new Refused('AccessDeniedException', 'Invalid date');
  if (Math.abs(at - now) > skewMs)
    throw new Refused('AccessDeniedException', at < now ? 'Signature expired' : 'Signature not yet current');
}

function chainIn(headers: Received['headers']): Chain {
  const decode = (base64: string) => new X509Certificate(Buffer.from(base64, 'base64'));
  const between = headers['x-amz-x509-chain'];
  return [decode(headers['x-amz-x509'] ?? ''), ...(between === undefined ? [] : between.split(',').map(decode))];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
