import { Buffer } from 'node:buffer';

/**
 * Distinguished Encoding Rules (ITU-T X.690): as much as X.509 certificates and PKCS #10 requests need. Own code
 * because the libraries that can do this take longer to load than the API server may take to start.
 */
export type DerNode = {
  tag: number;
  /** The content octets. */
  content: Buffer;
  /** Tag, length and content: what a signature covers. */
  raw: Buffer;
};

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function encode(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

export const sequence = (...items: Uint8Array[]): Buffer => encode(tags.sequence, ...items);
export const set = (...items: Uint8Array[]): Buffer => encode(tags.set, ...items);
export const octetString = (content: Uint8Array): Buffer => encode(tags.octetString, content);
export const utf8String = (text: string): Buffer => encode(tags.utf8String, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Buffer => encode(tags.boolean, Buffer.from([value ? 0xff : 0]));
/** `[n]` constructed, as in EXPLICIT tags and lists of general names. */
export const context = (number: number, ...items: Uint8Array[]): Buffer => encode(0xa0 | number, ...items);
/** `[n]` primitive, as in IMPLICIT strings. */
export const contextPrimitive = (number: number, content: Uint8Array): Buffer => encode(0x80 | number, content);

/** A non-negative integer from its big-endian octets. */
export function integer(octets: Uint8Array): Buffer {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const trimmed = octets.subarray(start);
  return encode(tags.integer, (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed);
}

export const bitString = (content: Uint8Array, unusedBits = 0): Buffer =>
  encode(tags.bitString, Buffer.from([unusedBits]), content);

/** From its dotted form: `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const base128 = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      base128.unshift(0x80 | (left % 128));
    octets.push(...base128);
  }
  return encode(tags.objectIdentifier, Buffer.from(octets));
}

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
export function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return new Date(milliseconds).getUTCFullYear() < 2050
    ? encode(tags.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : encode(tags.generalizedTime, Buffer.from(digits, 'latin1'));
}

/** Reads one node at the start of `bytes`; what follows it is ignored. Throws RangeError on anything malformed. */
export function decode(bytes: Uint8Array): DerNode {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = buffer[0];
  const first = buffer[1];
  if (tag === undefined || first === undefined) throw new RangeError('DER ends inside a header');
  if ((tag & 0x1f) === 0x1f) throw new RangeError('DER tag above 30 is not used in X.509');
  const octets = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || octets > 3) throw new RangeError('DER length is indefinite or above 16 MiB');
  const length = octets === 0 ? first : octets > buffer.length - 2 ? -1 : buffer.readUIntBE(2, octets);
  const start = 2 + octets;
  if (length < 0 || start + length > buffer.length) throw new RangeError('DER ends inside a value');
  return { tag, content: buffer.subarray(start, start + length), raw: buffer.subarray(0, start + length) };
}

const childrenMax = 1000;

/** The nodes inside a constructed node. */
export function children(node: DerNode): DerNode[] {
  const found: DerNode[] = [];
  for (let rest = node.content; rest.length > 0; ) {
    if (found.length === childrenMax) throw new RangeError(`DER holds more than ${childrenMax} items`);
    const child = decode(rest);
    found.push(child);
    rest = rest.subarray(child.raw.length);
  }
  return found;
}

/** The child at `index` with that tag, or a RangeError that names what is missing. */
export function child(node: DerNode, index: number, tag: number, name: string): DerNode {
  const found = children(node)[index];
  if (found?.tag !== tag) throw new RangeError(`DER lacks ${name}`);
  return found;
}

/** The dotted form. Throws RangeError when the node is none, or an unreasonably long one. */
export function readObjectIdentifier(node: DerNode): string {
  if (node.tag !== tags.objectIdentifier || node.content.length === 0 || node.content.length > 64)
    throw new RangeError('DER lacks an object identifier');
  const arcs: number[] = [];
  let value = 0;
  for (const octet of node.content) {
    value = value * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(value);
      value = 0;
    }
  }
  const [head = 0, ...rest] = arcs;
  const first = Math.min(Math.floor(head / 40), 2);
  return [first, head - first * 40, ...rest].join('.');
}
