import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  array,
  boolean,
  byte,
  bytes,
  type Codec,
  dict,
  newReader,
  newWriter,
  objectPath,
  pathDict,
  sequence,
  signature,
  string,
  struct,
  uint32,
  type Variant,
  variant,
  WireError,
  written,
} from '../../src/stores/dbus-codec.ts';

const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
const someBytes = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));
const someVariant: fc.Arbitrary<Variant> = fc.oneof(
  fc.record({ type: fc.constant('b' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('u' as const), value: fc.nat() }),
  fc.record({ type: fc.constantFrom('s' as const, 'o' as const), value: text }),
  fc.record({ type: fc.constant('g' as const), value: fc.constantFrom('', 's', 'a{ss}', '(oayays)') }),
  fc.record({ type: fc.constant('ay' as const), value: someBytes }),
  fc.record({
    type: fc.constant('a{ss}' as const),
    value: fc.dictionary(text, text).map((fields) => new Map(Object.entries(fields))),
  }),
);
const secret = struct(objectPath, bytes, bytes, string);

function encoded<T>(codec: Codec<T>, value: T): Buffer {
  const writer = newWriter();
  codec.write(writer, value);
  return written(writer);
}

function decoded<T>(codec: Codec<T>, from: Buffer): T {
  return codec.read(newReader(from, true));
}

function comesBack<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  fc.assert(fc.property(values, (value) => void expect(decoded(codec, encoded(codec, value))).toEqual(value)));
}

describe('D-Bus types', () => {
  it('what was written is read back, for every type', () => {
    comesBack(byte, fc.nat(255));
    comesBack(uint32, fc.nat(0xffffffff));
    comesBack(boolean, fc.boolean());
    comesBack(string, text);
    comesBack(bytes, someBytes);
    comesBack(variant, someVariant);
    comesBack(array(struct(byte, variant)), fc.array(fc.tuple(fc.nat(255), someVariant)));
    comesBack(
      dict(variant),
      fc.dictionary(text, someVariant).map((fields) => new Map(Object.entries(fields))),
    );
    comesBack(
      pathDict(secret),
      fc.array(fc.tuple(text, fc.tuple(text, someBytes, someBytes, text))).map((pairs) => new Map(pairs)),
    );
    comesBack(sequence(boolean, array(string), variant), fc.tuple(fc.boolean(), fc.array(text), someVariant));
  });

  it('the signature is that of the specification', () => {
    expect(sequence(dict(variant), secret, boolean).signature).toBe('a{sv}(oayays)b');
    expect(pathDict(secret).signature).toBe('a{o(oayays)}');
    expect(sequence().signature).toBe('');
  });

  it('the bytes are those of the specification: aligned, little-endian, lengths without padding', () => {
    expect(encoded(sequence(byte, uint32), [7, 1]).toString('hex')).toBe('0700000001000000');
    expect(encoded(string, 'foo').toString('hex')).toBe('03000000666f6f00');
    expect(encoded(signature, 'a{ss}').toString('hex')).toBe('05617b73737d00');
    // Specification, "Marshaling": an array of one 64-bit-aligned element has four bytes of padding that the length does not count.
    expect(encoded(array(struct(byte, byte)), [[1, 2]]).toString('hex')).toBe('02000000' + '00000000' + '0102');
    expect(encoded(array(struct(byte, byte)), []).toString('hex')).toBe('0000000000000000');
  });

  it('a big-endian service is understood', () => {
    const from = Buffer.from('00000001' + '00000003' + '666f6f00', 'hex');
    expect(sequence(uint32, string).read(newReader(from, false))).toEqual([1, 'foo']);
  });

  it('every message that is cut short is an error', () => {
    const whole = encoded(sequence(array(string), variant), [['one', 'two'], { type: 'ay', value: Buffer.from('three') }]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decoded(sequence(array(string), variant), whole.subarray(0, length))).toThrow(WireError);
    }
  });

  it('garbage is read or refused, and never crashes', () => {
    const codecs: readonly Codec<unknown>[] = [
      string,
      bytes,
      variant,
      array(struct(byte, variant)),
      dict(variant),
      pathDict(secret),
    ];
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        fc.constantFrom(...codecs),
        (garbage, isLittleEndian, codec) => {
          try {
            codec.read(newReader(Buffer.from(garbage), isLittleEndian));
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('an honest message with one changed byte is read or refused, and never crashes', () => {
    const honest = encoded(pathDict(secret), new Map([['/a', ['/s', Buffer.alloc(3), Buffer.alloc(9), 'text/plain'] as const]]));
    fc.assert(
      fc.property(fc.nat(honest.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(honest);
        changed[at] = value;
        try {
          decoded(pathDict(secret), changed);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });

  it('lengths that are not there cost nothing', () => {
    const startedAt = performance.now();
    for (const length of ['ffffffff', 'ffffff7f', '00008000', '01008000']) {
      expect(() => decoded(bytes, Buffer.from(length, 'hex'))).toThrow(WireError);
      expect(() => decoded(array(string), Buffer.from(length, 'hex'))).toThrow(WireError);
      expect(() => decoded(string, Buffer.from(length, 'hex'))).toThrow(WireError);
    }
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('an element that sticks out of its array, a missing end mark and a third truth are refused', () => {
    expect(() => decoded(array(string), Buffer.from('05000000' + '03000000' + '666f6f00', 'hex'))).toThrow('sticks out');
    expect(() => decoded(string, Buffer.from('03000000' + '666f6f66', 'hex'))).toThrow('end mark');
    expect(() => decoded(boolean, Buffer.from('02000000', 'hex'))).toThrow('neither true nor false');
    expect(() => decoded(variant, Buffer.from('01' + '76' + '00' + '0176000176000176', 'hex'))).toThrow('nothing here asks for');
  });

  it('text with a NUL is not sent', () => {
    expect(() => encoded(string, 'a\0b')).toThrow(WireError);
  });
});
