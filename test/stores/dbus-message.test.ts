import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { array, boolean, sequence, string, uint32, variant, WireError } from '../../src/stores/dbus-codec.ts';
import { decodeBody, decodeMessage, encodeMessage, type MessageHeader, messageLength } from '../../src/stores/dbus-message.ts';

const name = fc.stringMatching(/^[a-zA-Z.]{1,20}$/);
const header: fc.Arbitrary<MessageHeader> = fc.record(
  {
    type: fc.constantFrom('call' as const, 'return' as const, 'error' as const, 'signal' as const),
    serial: fc.integer({ min: 1, max: 0xffffffff }),
    path: name,
    interface: name,
    member: name,
    errorName: name,
    replySerial: fc.integer({ min: 1, max: 0xffffffff }),
    destination: name,
    sender: name,
  },
  { requiredKeys: ['type', 'serial'] },
);

describe('D-Bus messages', () => {
  it('what was written is read back, header and body', () => {
    fc.assert(
      fc.property(header, fc.nat(255), fc.array(fc.stringMatching(/^[^\0]*$/)), (wanted, flags, body) => {
        const bytes = encodeMessage(wanted, flags, sequence(array(string), uint32), [body, 7]);
        expect(messageLength(bytes)).toBe(bytes.length);
        expect(messageLength(bytes.subarray(0, 16))).toBe(bytes.length);
        const message = decodeMessage(bytes);
        expect(message).toMatchObject({ ...wanted, flags, signature: 'asu' });
        expect(decodeBody(message, sequence(array(string), uint32))).toEqual([body, 7]);
      }),
    );
  });

  it('the bytes of a call are those that the reference implementation takes', () => {
    const of = 'org.freedesktop.DBus';
    const call = {
      type: 'call',
      serial: 1,
      path: '/org/freedesktop/DBus',
      interface: of,
      member: 'Hello',
      destination: of,
    } as const;
    const bytes = encodeMessage(call, 2, sequence(), []);
    expect(bytes.length % 8).toBe(0);
    expect(bytes.subarray(0, 16).toString('hex')).toBe('6c010201' + '00000000' + '01000000' + '6d000000');
    expect(bytes.subarray(16, 24).toString('hex')).toBe('01016f00' + '15000000');
  });

  it('an answer of other types than asked for is refused; more arguments than asked for are left alone', () => {
    const message = decodeMessage(
      encodeMessage({ type: 'return', serial: 1 }, 0, sequence(boolean, variant), [true, { type: 's', value: 'x' }]),
    );
    expect(decodeBody(message, sequence(boolean))).toEqual([true]);
    expect(() => decodeBody(message, sequence(string))).toThrow(WireError);
  });

  it('a big-endian message is understood', () => {
    // A method return with reply serial 5 and the string "hi", as a big-endian machine sends it.
    const bytes = Buffer.from(
      ['42020101', '00000007', '00000009', '0000000f', '05017500', '00000005', '08016700', '01730000', '00000002', '686900'].join(
        '',
      ),
      'hex',
    );
    expect(messageLength(bytes)).toBe(bytes.length);
    const message = decodeMessage(bytes);
    expect(message).toMatchObject({ type: 'return', serial: 9, replySerial: 5, signature: 's', isLittleEndian: false });
    expect(decodeBody(message, sequence(string))).toEqual(['hi']);
  });

  it('a message that claims to be huge is refused before it is waited for', () => {
    for (const at of [4, 12]) {
      const start = encodeMessage({ type: 'return', serial: 1, replySerial: 1 }, 0, sequence(string), ['x']).subarray(0, 16);
      start.writeUInt32LE(0x7fffffff, at);
      expect(() => messageLength(start)).toThrow('over 9 MiB');
    }
  });

  it('garbage is refused, and never crashes', () => {
    const honest = encodeMessage({ type: 'return', serial: 1, replySerial: 1, sender: ':1.5' }, 0, sequence(string), ['x']);
    const changes = fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.nat(honest.length), (changed, length) => {
        const bytes = Buffer.from(honest);
        for (const [at, value] of changed) bytes[at] = value;
        try {
          if (bytes.length >= 16) messageLength(bytes);
          decodeBody(decodeMessage(bytes.subarray(0, length)), sequence(string));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
