// D-Bus types as pairs of writer and reader (D-Bus specification, "Marshaling"). Only what is asked for is ever decoded, so a hostile
// message cannot choose how deep or how large; everything is checked against the bytes that are there.

/** What came is not what the specification or the caller expects. Never holds bytes of the message. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

// Numbers go through a DataView: Buffer's own methods are JavaScript that a short-lived process would have to compile first.
export interface Writer {
  bytes: Buffer;
  view: DataView;
  length: number;
}

export interface Reader {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly isLittleEndian: boolean;
  at: number;
}

/** One D-Bus type. A writer always writes little-endian. */
export interface Codec<T> {
  readonly signature: string;
  readonly alignment: 1 | 4 | 8;
  write(to: Writer, value: T): void;
  /** Throws WireError for what is cut off or malformed. */
  read(from: Reader): T;
}

/** A value that carries its own type on the wire. */
export type Variant =
  | { readonly type: 'b'; readonly value: boolean }
  | { readonly type: 'u'; readonly value: number }
  | { readonly type: 's' | 'o' | 'g'; readonly value: string }
  | { readonly type: 'ay'; readonly value: Buffer }
  | { readonly type: 'a{ss}'; readonly value: ReadonlyMap<string, string> };

// The specification allows 64 MiB.
const maxArrayBytes = 8 * 1024 * 1024;

export function newWriter(): Writer {
  const bytes = Buffer.alloc(512);
  return { bytes, view: viewOf(bytes), length: 0 };
}

export function newReader(bytes: Buffer, isLittleEndian: boolean): Reader {
  return { bytes, view: viewOf(bytes), isLittleEndian, at: 0 };
}

export function written(from: Writer): Buffer {
  return from.bytes.subarray(0, from.length);
}

/** Zero bytes up to a multiple of `alignment`. */
export function pad(to: Writer, alignment: number): void {
  const count = (alignment - (to.length % alignment)) % alignment;
  reserve(to, count);
  to.length += count;
}

export function align(from: Reader, alignment: number): void {
  take(from, (alignment - (from.at % alignment)) % alignment);
}

export const byte: Codec<number> = {
  signature: 'y',
  alignment: 1,
  write(to, value) {
    reserve(to, 1);
    to.view.setUint8(to.length, value);
    to.length += 1;
  },
  read: (from) => from.view.getUint8(take(from, 1)),
};

export const uint32: Codec<number> = {
  signature: 'u',
  alignment: 4,
  write(to, value) {
    pad(to, 4);
    reserve(to, 4);
    to.view.setUint32(to.length, value, true);
    to.length += 4;
  },
  read(from) {
    align(from, 4);
    return from.view.getUint32(take(from, 4), from.isLittleEndian);
  },
};

export const boolean: Codec<boolean> = {
  signature: 'b',
  alignment: 4,
  write: (to, value) => uint32.write(to, value ? 1 : 0),
  read(from) {
    const number = uint32.read(from);
    if (number > 1) throw new WireError('a boolean that is neither true nor false');
    return number === 1;
  },
};

export const string: Codec<string> = textCodec('s', 4, uint32);
export const objectPath: Codec<string> = textCodec('o', 4, uint32);
export const signature: Codec<string> = textCodec('g', 1, byte);

export const bytes: Codec<Buffer> = {
  signature: 'ay',
  alignment: 4,
  write(to, value) {
    uint32.write(to, value.length);
    reserve(to, value.length);
    to.bytes.set(value, to.length);
    to.length += value.length;
  },
  read(from) {
    const length = arrayLength(from);
    const at = take(from, length);
    return from.bytes.subarray(at, at + length);
  },
};

export const variant: Codec<Variant> = {
  signature: 'v',
  alignment: 1,
  write(to, value) {
    signature.write(to, value.type);
    switch (value.type) {
      case 'b':
        return boolean.write(to, value.value);
      case 'u':
        return uint32.write(to, value.value);
      case 's':
      case 'o':
        return string.write(to, value.value);
      case 'g':
        return signature.write(to, value.value);
      case 'ay':
        return bytes.write(to, value.value);
      case 'a{ss}':
        return stringDict.write(to, value.value);
      default:
        return value satisfies never;
    }
  },
  read(from) {
    const type = signature.read(from);
    if (type === 'b') return { type, value: boolean.read(from) };
    if (type === 'u') return { type, value: uint32.read(from) };
    if (type === 's' || type === 'o') return { type, value: string.read(from) };
    if (type === 'g') return { type, value: signature.read(from) };
    if (type === 'ay') return { type, value: bytes.read(from) };
    if (type === 'a{ss}') return { type, value: stringDict.read(from) };
    throw new WireError('a variant of a type that nothing here asks for');
  },
};

export function array<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    signature: `a${item.signature}`,
    alignment: 4,
    write(to, values) {
      writeArray(to, item.alignment, () => {
        for (const value of values) item.write(to, value);
      });
    },
    read: (from) => readArray(from, item),
  };
}

export function dict<V>(value: Codec<V>): Codec<ReadonlyMap<string, V>> {
  return dictOf(string, value);
}

/** A dictionary whose keys are object paths, as GetSecrets answers. */
export function pathDict<V>(value: Codec<V>): Codec<ReadonlyMap<string, V>> {
  return dictOf(objectPath, value);
}

export function struct<A, B>(a: Codec<A>, b: Codec<B>): Codec<readonly [A, B]>;
export function struct<A, B, C, D>(a: Codec<A>, b: Codec<B>, c: Codec<C>, d: Codec<D>): Codec<readonly [A, B, C, D]>;
export function struct(...parts: readonly Codec<unknown>[]): Codec<readonly unknown[]> {
  const inner = inOrder(parts);
  return {
    signature: `(${inner.signature})`,
    alignment: 8,
    write(to, values) {
      pad(to, 8);
      inner.write(to, values);
    },
    read(from) {
      align(from, 8);
      return inner.read(from);
    },
  };
}

/** The arguments of a message, one after the other. */
export function sequence(): Codec<readonly []>;
export function sequence<A>(a: Codec<A>): Codec<readonly [A]>;
export function sequence<A, B>(a: Codec<A>, b: Codec<B>): Codec<readonly [A, B]>;
export function sequence<A, B, C>(a: Codec<A>, b: Codec<B>, c: Codec<C>): Codec<readonly [A, B, C]>;
export function sequence(...parts: readonly Codec<unknown>[]): Codec<readonly unknown[]> {
  return inOrder(parts);
}

const stringDict = dict(string);

function inOrder(parts: readonly Codec<unknown>[]): Codec<readonly unknown[]> {
  return {
    signature: parts.map((part) => part.signature).join(''),
    alignment: 1,
    write(to, values) {
      for (const [index, part] of parts.entries()) part.write(to, values[index]);
    },
    read: (from) => parts.map((part) => part.read(from)),
  };
}

function textCodec(type: 's' | 'o' | 'g', alignment: 1 | 4, length: Codec<number>): Codec<string> {
  return {
    signature: type,
    alignment,
    write(to, value) {
      if (value.includes('\0')) throw new WireError('text with a NUL cannot be sent');
      const count = Buffer.byteLength(value);
      if (type === 'g' && count > 255) throw new WireError('a signature over 255 bytes');
      length.write(to, count);
      reserve(to, count + 1);
      to.bytes.write(value, to.length);
      to.length += count;
      byte.write(to, 0);
    },
    read(from) {
      const count = length.read(from);
      const at = take(from, count + 1);
      if (from.bytes[at + count] !== 0) throw new WireError('text without its end mark');
      return from.bytes.toString('utf8', at, at + count);
    },
  };
}

function dictOf<V>(key: Codec<string>, value: Codec<V>): Codec<ReadonlyMap<string, V>> {
  const entry = struct(key, value);
  return {
    signature: `a{${key.signature}${value.signature}}`,
    alignment: 4,
    write(to, values) {
      writeArray(to, entry.alignment, () => {
        for (const pair of values) entry.write(to, pair);
      });
    },
    read: (from) => new Map(readArray(from, entry)),
  };
}

// The length does not count the padding before the first element.
function writeArray(to: Writer, alignment: number, writeItems: () => void): void {
  uint32.write(to, 0);
  const lengthAt = to.length - 4;
  pad(to, alignment);
  const start = to.length;
  writeItems();
  to.view.setUint32(lengthAt, to.length - start, true);
}

function readArray<T>(from: Reader, item: Codec<T>): readonly T[] {
  const length = arrayLength(from);
  align(from, item.alignment);
  const end = from.at + length;
  if (end > from.bytes.length) throw new WireError('an array longer than its message');
  const values: T[] = [];
  while (from.at < end) values.push(item.read(from)); // each element is at least a byte long, so this ends
  if (from.at !== end) throw new WireError('an array whose last element sticks out');
  return values;
}

function arrayLength(from: Reader): number {
  const length = uint32.read(from);
  if (length > maxArrayBytes) throw new WireError('an array over 8 MiB');
  return length;
}

/** Moves on by `count` bytes and says where they begin. */
function take(from: Reader, count: number): number {
  const at = from.at;
  if (count > from.bytes.length - at) throw new WireError('a message that ends too early');
  from.at = at + count;
  return at;
}

function reserve(to: Writer, count: number): void {
  if (to.length + count <= to.bytes.length) return;
  const larger = Buffer.alloc(Math.max(to.bytes.length * 2, to.length + count));
  larger.set(written(to));
  to.bytes = larger;
  to.view = viewOf(larger);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
