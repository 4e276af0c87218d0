// The encrypted session of the Secret Service API: dh-ietf1024-sha256-aes128-cbc-pkcs7. Only for services that refuse plain ones:
// on a bus that others of the same user can watch anyway it protects little, and its key exchange costs 10 ms.

import { createCipheriv, createDecipheriv, getDiffieHellman, hkdfSync, randomBytes } from 'node:crypto';
import { WireError } from './dbus-codec.ts';
import { contentType, type SecretSession } from './secret-service-api.ts';

/** The second Oakley group of RFC 2409, and the answer to the service's half. */
export interface KeyExchange {
  readonly publicKey: Buffer;
  /** Throws WireError for a public key that is none. */
  finish(servicePublicKey: Buffer, path: string): SecretSession;
}

export const dhAlgorithm = 'dh-ietf1024-sha256-aes128-cbc-pkcs7';

export function startKeyExchange(): KeyExchange {
  const group = getDiffieHellman('modp2');
  const publicKey = leftPadded(group.generateKeys());
  return {
    publicKey,
    finish(servicePublicKey, path) {
      const shared = orWireError('a public key that is none', () => leftPadded(group.computeSecret(servicePublicKey)));
      const key = Buffer.from(hkdfSync('sha256', shared, Buffer.alloc(0), Buffer.alloc(0), 16));
      return sessionOver(key, path);
    },
  };
}

function sessionOver(key: Buffer, path: string): SecretSession {
  return {
    path,
    seal(value) {
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-128-cbc', key, iv);
      return [path, iv, Buffer.concat([cipher.update(value), cipher.final()]), contentType];
    },
    open([, iv, sealed]) {
      return orWireError('a secret that does not open', () => {
        const decipher = createDecipheriv('aes-128-cbc', key, iv);
        return Buffer.concat([decipher.update(sealed), decipher.final()]);
      });
    },
  };
}

// Both sides hash all 128 bytes, leading zeros too: without them one exchange in 256 ends in different keys.
function leftPadded(number: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(Math.max(0, 128 - number.length)), number]);
}

// Every failure of these crypto calls comes from the peer's bytes; their own messages are about OpenSSL and help nobody.
function orWireError<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new WireError(problem, { cause: error });
  }
}
