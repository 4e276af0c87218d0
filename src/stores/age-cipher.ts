// age encryption of items and of the identity that opens them. What it writes, the plain `age` program opens, and the other way round.
// Keeps no error of the library's key parser: those quote the key.

import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

/** Who opens the items, and for whom new ones are encrypted. */
export interface AgeKey {
  readonly identities: readonly string[];
  /** The public half of each identity; new items are for all of them, as with `age -e -i`. */
  readonly recipients: readonly string[];
}

/** Undefined when the text holds no identity this program can use (`age-keygen` writes those that it can). */
export async function parseKeyFile(text: string): Promise<AgeKey | undefined> {
  const lines = text.split('\n').map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length === 0 || !identities.every((line) => line.startsWith('AGE-SECRET-KEY-'))) return undefined;
  try {
    return { identities, recipients: await Promise.all(identities.map((identity) => identityToRecipient(identity))) };
  } catch {
    return undefined; // a key with a typing error
  }
}

/** The text of a fresh key file, as `age-keygen` writes it. */
export async function newKeyFile(): Promise<string> {
  const identity = await generateX25519Identity();
  return `# made by rolekeeper\n# public key: ${await identityToRecipient(identity)}\n${identity}\n`;
}

/** Checked to the last letter: a recipient that lost some of them is none. */
export function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false; // the library throws plain errors, for a wrong kind, length or checksum
  }
}

export async function encryptItem(text: string, { recipients }: AgeKey): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return await encrypted(encrypter, text);
}

/** Undefined for whatever these identities do not open, be it another's or damaged. */
export async function decryptItem(bytes: Uint8Array, { identities }: AgeKey): Promise<string | undefined> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  return await decryptedText(decrypter, bytes);
}

/** 1.2 s and 330 MB, for an attacker too: to be called in a process of its own. */
export async function wrapKeyFile(keyFile: string, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return await encrypted(encrypter, keyFile);
}

/** As costly as wrapping. Undefined for a wrong passphrase and for a damaged file: age cannot tell them apart. */
export async function unwrapKeyFile(bytes: Uint8Array, passphrase: string): Promise<string | undefined> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return await decryptedText(decrypter, bytes);
}

// Streams: given plain bytes the library takes a detour over Response, which takes 15 ms to load (Node 20).
async function encrypted(encrypter: Encrypter, text: string): Promise<Uint8Array> {
  return await allOf(await encrypter.encrypt(streamOf(Buffer.from(text))));
}

async function decryptedText(decrypter: Decrypter, bytes: Uint8Array): Promise<string | undefined> {
  try {
    return (await allOf(await decrypter.decrypt(streamOf(bytes)))).toString('utf8');
  } catch (error) {
    // The library has no error classes: header, key, MAC and length faults are all plain errors. Anything else says nothing about the
    // file (no memory, no WebCrypto), which must not be taken for damaged.
    if (error instanceof Error && error.name === 'Error') return undefined;
    throw error;
  }
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

async function allOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
