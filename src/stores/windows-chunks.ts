// Values over the 2,560 bytes of a Windows credential, in pieces. Credentials are written one at a time, so a reader may come in between:
// the main item names the pieces and their hash, a writer fills the slot that is not in use, and writing the main item is the switch.

import { createHash } from 'node:crypto';

/** A keychain by account names alone; keytar's own shape. */
export interface RawItems {
  get(account: string): Promise<string | undefined>;
  set(account: string, text: string): Promise<void>;
  delete(account: string): Promise<boolean>;
}

export interface ChunkOptions {
  /** Waits before another try; other processes write meanwhile. */
  readonly pause: (ms: number) => Promise<void>;
  readonly random: () => number;
}

const maxPlainBytes = 2560;
const chunkCharacters = 2400;
const attempts = 40;
const maxPauseMs = 25;

/**
 * The same items without the limit. A reader gets a whole value that was written, or undefined when there is none. Where pieces stay
 * incomplete (a writer was killed, or two wrote at once and both were) it gets the main item as it stands, which is no value of anybody's:
 * broken is not absent, least of all for keys.
 */
export function withChunks(raw: RawItems, options: ChunkOptions): RawItems {
  const pause = () => options.pause(1 + options.random() * maxPauseMs);
  return {
    get: (account) => readSettled(raw, account, pause),
    set: (account, text) => write(raw, account, text, pause),
    delete: async (account) => {
      const head = parseHead(await raw.get(account));
      const wasThere = await raw.delete(account);
      if (head !== undefined) await deleteChunks(raw, account, head);
      return wasThere;
    },
  };
}

interface Head {
  readonly slot: 'a' | 'b';
  readonly count: number;
  readonly hash: string;
}

async function readSettled(raw: RawItems, account: string, pause: () => Promise<void>): Promise<string | undefined> {
  let main: string | undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    main = await raw.get(account);
    const head = parseHead(main);
    if (head === undefined) return main;
    const text = await readChunks(raw, account, head);
    if (text !== undefined) return text;
    await pause();
  }
  return main;
}

async function write(raw: RawItems, account: string, text: string, pause: () => Promise<void>): Promise<void> {
  // A second writer may have filled the same slot meanwhile, or cleared it as the old one: then neither is whole.
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await writeOnce(raw, account, text);
    const main = await raw.get(account);
    const head = parseHead(main);
    if (main !== undefined && (head === undefined || (await readChunks(raw, account, head)) !== undefined)) return;
    await pause();
  }
  throw new Error('other processes kept writing the same item');
}

async function writeOnce(raw: RawItems, account: string, text: string): Promise<void> {
  const before = parseHead(await raw.get(account));
  const main = fitsPlain(text) ? text : await writeChunks(raw, account, text, before?.slot === 'a' ? 'b' : 'a');
  await raw.set(account, main);
  // The pieces of whoever has switched meanwhile are not ours to clear.
  if (before !== undefined && (await raw.get(account)) === main) await deleteChunks(raw, account, before);
}

function fitsPlain(text: string): boolean {
  return Buffer.byteLength(text) <= maxPlainBytes && parseHead(text) === undefined;
}

async function writeChunks(raw: RawItems, account: string, text: string, slot: 'a' | 'b'): Promise<string> {
  const encoded = Buffer.from(text).toString('base64url');
  const count = Math.ceil(encoded.length / chunkCharacters);
  for (let index = 0; index < count; index++) {
    await raw.set(chunkAccount(account, slot, index), encoded.slice(index * chunkCharacters, (index + 1) * chunkCharacters));
  }
  return `chunked:1:${slot}:${count}:${hashOf(encoded)}`;
}

async function readChunks(raw: RawItems, account: string, { slot, count, hash }: Head): Promise<string | undefined> {
  let encoded = '';
  for (let index = 0; index < count; index++) {
    const chunk = await raw.get(chunkAccount(account, slot, index));
    if (chunk === undefined) return undefined;
    encoded += chunk;
  }
  return hashOf(encoded) === hash ? Buffer.from(encoded, 'base64url').toString('utf8') : undefined;
}

async function deleteChunks(raw: RawItems, account: string, { slot, count }: Head): Promise<void> {
  for (let index = 0; index < count; index++) await raw.delete(chunkAccount(account, slot, index));
}

function chunkAccount(account: string, slot: 'a' | 'b', index: number): string {
  return `${account}#${slot}${index}`;
}

function hashOf(encoded: string): string {
  return createHash('sha256').update(encoded).digest('hex');
}

// At most 4,000 pieces: 7 MB, more than any store of ours takes.
function parseHead(main: string | undefined): Head | undefined {
  const match = /^chunked:1:([ab]):([1-9][0-9]{0,3}):([0-9a-f]{64})$/.exec(main ?? '');
  const [, slot, count, hash = ''] = match ?? [];
  if (slot !== 'a' && slot !== 'b') return undefined;
  return { slot, count: Number(count), hash };
}
