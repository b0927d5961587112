import { tooManyValues, valuesMax } from '../../api/schema/parse.ts';

/** The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding/), to read only. */
export type WireField = { number: number; varint?: bigint; bytes?: Buffer; left: Left };
export type Cursor = { bytes: Buffer; at: number; left: Left; varint(): bigint };
/** How many fields a body may still have: an empty one is two bytes here, and an object when it is decoded. */
type Left = { values: number };

export const cursor = (bytes: Buffer): Cursor => cursorOf(bytes, { values: valuesMax });

/** Through the message in a field. */
export const inside = (field: WireField): Cursor => cursorOf(bytesOf(field), field.left);

function cursorOf(bytes: Buffer, left: Left): Cursor {
  return {
    bytes,
    at: 0,
    left,
    varint() {
      let result = 0n;
      for (let shift = 0n; shift < 70n; shift += 7n) {
        if (this.at >= bytes.length) throw new RangeError('it ends within a number');
        const byte = bytes[this.at++]!;
        result |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return result;
      }
      throw new RangeError('a number is too long');
    },
  };
}

/** Counts a field, or a number of a packed list. */
export function spend(left: Left): void {
  if (--left.values < 0) throw tooManyValues();
}

/** Every field in order. Throws RangeError when the bytes are cut short or use groups, and RequestEntityTooLarge. */
export function* fields(from: Cursor): Generator<WireField> {
  const { left } = from;
  while (from.at < from.bytes.length) {
    spend(left);
    const tag = Number(from.varint());
    const number = tag >>> 3;
    const type = tag & 7;
    if (type === 0) yield { number, varint: from.varint(), left };
    else if (type === 1) yield { number, bytes: take(from, 8), left };
    else if (type === 2) yield { number, bytes: take(from, Number(from.varint())), left };
    else if (type === 5) yield { number, bytes: take(from, 4), left };
    else throw new RangeError(`wire type ${type} is not used by Kubernetes`);
  }
}

function take(from: Cursor, length: number): Buffer {
  const end = from.at + length;
  if (end > from.bytes.length) throw new RangeError('it ends within a field');
  const part = from.bytes.subarray(from.at, end);
  from.at = end;
  return part;
}

export function bytesOf({ bytes }: WireField): Buffer {
  if (bytes === undefined) throw new RangeError('a number stands where a message is expected');
  return bytes;
}

export function numberOf({ varint }: WireField): bigint {
  if (varint === undefined) throw new RangeError('a message stands where a number is expected');
  return varint;
}

export const textOf = (field: WireField): string => bytesOf(field).toString();
