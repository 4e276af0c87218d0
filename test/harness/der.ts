// DER by hand, for files that no program would make.

export function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

export function octets(content: string | Buffer): Buffer {
  return tagged(0x04, Buffer.from(content));
}

export function number(value: number): Buffer {
  const hex = value.toString(16);
  return tagged(0x02, Buffer.from(`00${hex.length % 2 === 0 ? '' : '0'}${hex}`, 'hex'));
}

export function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

/** `EncryptedPrivateKeyInfo` (PBES2, PBKDF2 with SHA-256, AES-256), of which nobody knows the passphrase. */
export function encryptedKey(rounds: number): Buffer {
  const derivation = sequence(
    objectId('2a864886f70d01050c'),
    sequence(octets('saltsalt'), number(rounds), sequence(objectId('2a864886f70d0209'), tagged(0x05, Buffer.alloc(0)))),
  );
  const cipher = sequence(objectId('60864801650304012a'), octets(Buffer.alloc(16)));
  return sequence(sequence(objectId('2a864886f70d01050d'), sequence(derivation, cipher)), octets(Buffer.alloc(64)));
}

/** The end of a PKCS#12 file: DigestInfo, salt, rounds. */
export function macData(rounds: number): Buffer {
  return sequence(sequence(sequence(objectId('2b0e03021a')), octets(Buffer.alloc(20))), octets('saltsalt'), number(rounds));
}

function tagged(tag: number, content: Buffer): Buffer {
  const length = content.length;
  const size = length.toString(16);
  const sizeBytes = Buffer.from(size.length % 2 === 0 ? size : `0${size}`, 'hex');
  const head = length < 128 ? [tag, length] : [tag, 0x80 | sizeBytes.length, ...sizeBytes];
  return Buffer.concat([Buffer.from(head), content]);
}
