// Whole D-Bus messages: header fields and body (D-Bus specification, "Message Protocol"). Knows no socket.

import {
  align,
  array,
  byte,
  type Codec,
  newReader,
  newWriter,
  pad,
  struct,
  uint32,
  type Variant,
  variant,
  WireError,
  written,
} from './dbus-codec.ts';

export type MessageType = 'call' | 'return' | 'error' | 'signal';

/** Absent header fields are undefined. */
export interface MessageHeader {
  readonly type: MessageType;
  readonly serial: number;
  readonly path?: string | undefined;
  readonly interface?: string | undefined;
  readonly member?: string | undefined;
  readonly errorName?: string | undefined;
  readonly replySerial?: number | undefined;
  readonly destination?: string | undefined;
  readonly sender?: string | undefined;
}

/** A message as it came. The body stays bytes until somebody says what it should be. */
export interface Message extends MessageHeader {
  readonly flags: number;
  readonly signature: string;
  readonly body: Buffer;
  readonly isLittleEndian: boolean;
}

/** The bus answers at once instead of starting a service that is not running. */
export const noAutoStart = 2;
/** So many bytes are needed before `messageLength` can tell. */
export const fixedHeaderBytes = 16;

// The specification allows 128 MiB; no item or answer of ours comes near this.
const maxMessageBytes = 9 * 1024 * 1024;
const types: readonly (MessageType | undefined)[] = [undefined, 'call', 'return', 'error', 'signal'];
const fieldList = array(struct(byte, variant));

export function encodeMessage<A>(header: MessageHeader, flags: number, codec: Codec<A>, body: A): Buffer {
  const message = newWriter();
  for (const number of [littleEndianMark, types.indexOf(header.type), flags, 1]) byte.write(message, number);
  uint32.write(message, 0);
  uint32.write(message, header.serial);
  fieldList.write(message, fieldsOf(header, codec.signature));
  pad(message, 8);
  const bodyAt = message.length;
  codec.write(message, body);
  message.view.setUint32(bodyLengthAt, message.length - bodyAt, true);
  return written(message);
}

/** Length of the message that begins with these 16 bytes or more. Throws WireError where no sane message begins. */
export function messageLength(start: Buffer): number {
  const reader = newReader(start, isLittleEndian(start));
  reader.at = bodyLengthAt;
  const bodyBytes = uint32.read(reader);
  reader.at = 12;
  const fieldBytes = uint32.read(reader);
  const total = Math.ceil((fixedHeaderBytes + fieldBytes) / 8) * 8 + bodyBytes;
  if (total > maxMessageBytes) throw new WireError('a message over 9 MiB');
  return total;
}

/** Takes exactly one whole message. Throws WireError. */
export function decodeMessage(bytes: Buffer): Message {
  const reader = newReader(bytes, isLittleEndian(bytes));
  reader.at = 1;
  const type = types[byte.read(reader)];
  const flags = byte.read(reader);
  reader.at = 8;
  const serial = uint32.read(reader);
  const fields = new Map(fieldList.read(reader));
  align(reader, 8);
  if (type === undefined) throw new WireError('a message of an unknown kind');
  return {
    ...{ type, flags, serial },
    path: text(fields, fieldCodes.path),
    interface: text(fields, fieldCodes.interface),
    member: text(fields, fieldCodes.member),
    errorName: text(fields, fieldCodes.errorName),
    replySerial: number(fields, fieldCodes.replySerial),
    destination: text(fields, fieldCodes.destination),
    sender: text(fields, fieldCodes.sender),
    signature: text(fields, fieldCodes.signature) ?? '',
    body: bytes.subarray(reader.at),
    isLittleEndian: reader.isLittleEndian,
  };
}

/** The leading arguments of a body; more may follow and is left alone. Throws WireError when they are of other types. */
export function decodeBody<T>(message: Message, codec: Codec<T>): T {
  if (!message.signature.startsWith(codec.signature)) throw new WireError('an answer of other types than asked for');
  return codec.read(newReader(message.body, message.isLittleEndian));
}

const bodyLengthAt = 4;
const littleEndianMark = 0x6c;
const bigEndianMark = 0x42;

const fieldCodes = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  sender: 7,
  signature: 8,
} as const;

function fieldsOf(header: MessageHeader, signature: string): readonly (readonly [number, Variant])[] {
  const fields: [number, Variant][] = [];
  if (header.path !== undefined) fields.push([fieldCodes.path, { type: 'o', value: header.path }]);
  if (header.interface !== undefined) fields.push([fieldCodes.interface, { type: 's', value: header.interface }]);
  if (header.member !== undefined) fields.push([fieldCodes.member, { type: 's', value: header.member }]);
  if (header.errorName !== undefined) fields.push([fieldCodes.errorName, { type: 's', value: header.errorName }]);
  if (header.replySerial !== undefined) fields.push([fieldCodes.replySerial, { type: 'u', value: header.replySerial }]);
  if (header.destination !== undefined) fields.push([fieldCodes.destination, { type: 's', value: header.destination }]);
  if (header.sender !== undefined) fields.push([fieldCodes.sender, { type: 's', value: header.sender }]);
  if (signature !== '') fields.push([fieldCodes.signature, { type: 'g', value: signature }]);
  return fields;
}

function text(fields: ReadonlyMap<number, Variant>, code: number): string | undefined {
  const field = fields.get(code);
  if (field === undefined) return undefined;
  if (typeof field.value !== 'string') throw new WireError('a header field of the wrong type');
  return field.value;
}

function number(fields: ReadonlyMap<number, Variant>, code: number): number | undefined {
  const field = fields.get(code);
  if (field === undefined) return undefined;
  if (typeof field.value !== 'number') throw new WireError('a header field of the wrong type');
  return field.value;
}

// A service on a big-endian machine answers in its own order; the bus passes that on as it is.
function isLittleEndian(start: Buffer): boolean {
  if (start[0] === littleEndianMark) return true;
  if (start[0] === bigEndianMark) return false;
  throw new WireError('bytes that are not a D-Bus message');
}
