// Held against two requests that aws_signing_helper 1.1.1 made, published with their signatures in TESTING.md of
// github.com/salrashid123/aws_rolesanywhere_signer (commit d15b633bc65f): only the same string to sign, to the byte, verifies with them.
// The form itself: IAM Roles Anywhere user guide, "The IAM Roles Anywhere authentication signing process".

import { createHash, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/credentials/certificate.ts';
import {
  authorizationOf,
  canonicalQuery,
  canonicalRequest,
  certificateHeaders,
  stringToSign,
} from '../../src/credentials/x509-signature.ts';
import published from '../fixtures/roles-anywhere/published-requests.json' with { type: 'json' };

const account = '291738886548';
const [first = { algorithm: '', serial: '', date: '', trustAnchor: '', signature: '', certificate: '' }] = published;

function requestOf({ trustAnchor, date, certificate }: (typeof published)[number]) {
  const at = Date.parse(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
  const parsed = parseCertificate(Buffer.from(certificate, 'base64'));
  if (parsed === undefined) throw new Error('the published certificate can be read');
  const request = {
    path: '/sessions',
    query: {
      roleArn: `arn:aws:iam::${account}:role/rolesanywhere1`,
      trustAnchorArn: `arn:aws:rolesanywhere:us-east-2:${account}:trust-anchor/${trustAnchor}`,
      profileArn: `arn:aws:rolesanywhere:us-east-2:${account}:profile/6f4943fb-13d4-4242-89c4-be367595c380`,
    },
    headers: {
      'content-type': 'application/json',
      host: '127.0.0.1:8080',
      ...certificateHeaders({ certificate: parsed, intermediates: [] }, at),
    },
    body: '{"durationSeconds":3600}',
  };
  return { request, certificate: parsed, scope: { region: 'us-east-2', at } };
}

describe('the string to sign', () => {
  it.each(published)('is the one that aws_signing_helper signed with $algorithm', (one) => {
    const { request, scope, certificate } = requestOf(one);
    const text = Buffer.from(stringToSign(request, one.algorithm === 'RSA' ? 'RSA' : 'ECDSA', scope));
    const { publicKey } = new X509Certificate(certificate.der);
    expect(verify('sha256', text, publicKey, Buffer.from(one.signature, 'hex'))).toBe(true);
    const later = Buffer.from(stringToSign(request, 'RSA', { ...scope, at: scope.at + 1000 }));
    expect(verify('sha256', later, publicKey, Buffer.from(one.signature, 'hex'))).toBe(false);
  });

  it('has four lines, the last a hash of the canonical request', () => {
    const { request, scope } = requestOf(first);
    expect(stringToSign(request, 'RSA', scope).split('\n')).toEqual([
      'AWS4-X509-RSA-SHA256',
      '20240706T113859Z',
      '20240706/us-east-2/rolesanywhere/aws4_request',
      createHash('sha256').update(canonicalRequest(request)).digest('hex'),
    ]);
  });
});

describe('the authorization header', () => {
  const pairs = {
    RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ECDSA: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  };

  it.each(['RSA', 'ECDSA'] as const)('verifies with the public key, for any headers and body (%s)', (keyKind) => {
    const { request, scope, certificate } = requestOf(first);
    const { privateKey: key, publicKey } = pairs[keyKind];
    const identity = { path: '/c.pem', certificate, intermediates: [], key, keyKind };
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (value, body) => {
        const sent = { ...request, query: { ...request.query, value }, body };
        const header = authorizationOf(sent, identity, scope);
        const [, credential, names, signature = ''] =
          /^AWS4-X509-[A-Z]+-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]+)$/.exec(header) ?? [];
        expect(credential).toBe('21/20240706/us-east-2/rolesanywhere/aws4_request');
        expect(names).toBe('content-type;host;x-amz-date;x-amz-x509');
        return verify('sha256', Buffer.from(stringToSign(sent, keyKind, scope)), publicKey, Buffer.from(signature, 'hex'));
      }),
      { numRuns: 30 },
    );
  });

  it('carries the certificates between in the order given, with commas', () => {
    const { certificate } = requestOf(first);
    const intermediates = [Buffer.from('one'), Buffer.from('two')];
    expect(certificateHeaders({ certificate, intermediates }, 0)).toEqual({
      'x-amz-date': '19700101T000000Z',
      'x-amz-x509': first.certificate,
      'x-amz-x509-chain': 'b25l,dHdv',
    });
  });

  it('has the serial number in decimal', () => {
    for (const one of published) expect(requestOf(one).certificate.serial).toBe(one.serial);
  });
});

describe('canonicalQuery', () => {
  it('is in the order of the names, and encodes what RFC 3986 reserves', () => {
    expect(canonicalQuery({ b: "!'()*", a: 'x y/~-._' })).toBe('a=x%20y%2F~-._&b=%21%27%28%29%2A');
  });
});
