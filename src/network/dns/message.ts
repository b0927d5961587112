/** https://www.rfc-editor.org/rfc/rfc1035, rfc6891 (EDNS0), rfc8914 (extended errors): as much as a resolver needs. */
export const types = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, OPT: 41 } as const;
export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** Names are lower case without the final dot; the root is the empty string. */
export type Question = { name: string; type: number; class: number };
export type Query = {
  id: number;
  recursionDesired: boolean;
  opcode: number;
  question: Question;
  /** The largest UDP answer the client takes; undefined without EDNS0. */
  udpBytesMax: number | undefined;
};

export type DnsRecord = { name: string; ttlSeconds: number } & RecordData;
type RecordData =
  | { type: 'A' | 'AAAA'; address: Uint8Array }
  | { type: 'CNAME' | 'PTR' | 'NS'; target: string }
  | { type: 'SRV'; port: number; target: string }
  | { type: 'TXT'; text: string }
  | { type: 'SOA'; server: string; negativeTtlSeconds: number };

export type Reply = {
  rcode: number;
  /** The answer comes from this server's own zones. */
  authoritative: boolean;
  answers: DnsRecord[];
  authority: DnsRecord[];
  additional?: DnsRecord[];
  /** RFC 8914: why, for a person who reads the answer. Only for clients with EDNS0. */
  error?: { code: number; text: string };
};

export class MalformedMessage extends Error {}

const headerBytes = 12;
const nameBytesMax = 255;

/** Reads one question; anything but a query with exactly one is refused. Never reads past the packet. */
export function decodeQuery(packet: Buffer): Query {
  if (packet.length < headerBytes) throw new MalformedMessage('shorter than a header');
  const flags = packet.readUInt16BE(2);
  if (flags & 0x8000) throw new MalformedMessage('an answer, not a query');
  if (packet.readUInt16BE(4) !== 1) throw new MalformedMessage('not exactly one question');
  const { name, end } = readName(packet, headerBytes);
  if (end + 4 > packet.length) throw new MalformedMessage('the question is cut off');
  const question = { name, type: packet.readUInt16BE(end), class: packet.readUInt16BE(end + 2) };
  return {
    id: packet.readUInt16BE(0),
    recursionDesired: (flags & 0x0100) !== 0,
    opcode: (flags >> 11) & 15,
    question,
    udpBytesMax: readUdpBytesMax(packet, end + 4),
  };
}

/** The OPT record of a query stands first in the additional section; clients send nothing before it. */
function readUdpBytesMax(packet: Buffer, at: number): number | undefined {
  const otherRecords = packet.readUInt16BE(6) + packet.readUInt16BE(8);
  if (otherRecords > 0 || packet.readUInt16BE(10) === 0 || at + 11 > packet.length) return undefined;
  if (packet[at] !== 0 || packet.readUInt16BE(at + 1) !== types.OPT) return undefined;
  return packet.readUInt16BE(at + 3);
}

/** Reads a name at `at`, following compression pointers backwards only, so that reading always ends. */
export function readName(packet: Buffer, at: number): { name: string; end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  let position = at;
  let bytes = 0;
  for (;;) {
    const length = packet[position];
    if (length === undefined) throw new MalformedMessage('a name runs past the packet');
    if (length === 0) return { name: labels.join('.'), end: end ?? position + 1 };
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | (packet[position + 1] ?? 0);
      if (target >= position || position + 1 >= packet.length) throw new MalformedMessage('a pointer leads forward');
      end ??= position + 2;
      position = target;
      bytes += 1;
    } else {
      if (length > 63) throw new MalformedMessage('a label is too long');
      const label = packet.toString('latin1', position + 1, position + 1 + length).toLowerCase();
      // A dot within a label would make two of it.
      if (label.includes('.')) throw new MalformedMessage('a label contains a dot');
      labels.push(label);
      position += length + 1;
      bytes += length + 1;
    }
    if (bytes > nameBytesMax || position > packet.length) throw new MalformedMessage('a name is too long');
  }
}

const udpBytesDefault = 512;
/** Larger UDP answers risk fragments (https://www.dnsflagday.net/2020/). */
const udpBytesCap = 1232;

export const udpLimitOf = ({ udpBytesMax }: Query): number =>
  Math.min(Math.max(udpBytesMax ?? udpBytesDefault, udpBytesDefault), udpBytesCap);

/** An answer of at most `bytesMax`: what does not fit is left out and the client told to ask over TCP. */
export function encodeReply(query: Query, reply: Reply, bytesMax: number): Buffer {
  const whole = encode(query, reply, false);
  if (whole.length <= bytesMax) return whole;
  return encode(query, { ...reply, answers: [], authority: [], additional: [] }, true);
}

function encode(query: Query, reply: Reply, truncated: boolean): Buffer {
  const { question, recursionDesired } = query;
  const { answers, authority, additional = [] } = reply;
  const options = query.udpBytesMax === undefined ? [] : [encodeOptions(reply)];
  const header = Buffer.alloc(headerBytes);
  const flags = (reply.authoritative ? 0x0400 : 0) | (truncated ? 0x0200 : 0) | (recursionDesired ? 0x0100 : 0);
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(0x8080 | (query.opcode << 11) | flags | reply.rcode, 2);
  const counts = [1, answers.length, authority.length, additional.length + options.length];
  counts.forEach((count, index) => {
    header.writeUInt16BE(count, 4 + index * 2);
  });
  const asked = Buffer.concat([encodeName(question.name), uint16(question.type), uint16(question.class)]);
  const records = [...answers, ...authority, ...additional].map((record) => encodeRecord(record, question.name));
  return Buffer.concat([header, asked, ...records, ...options]);
}

const uint16 = (value: number) => Buffer.of((value >> 8) & 255, value & 255);
const uint32 = (value: number) => Buffer.concat([uint16(value >>> 16), uint16(value & 0xffff)]);

/** Throws RangeError for a name that DNS cannot hold. */
export function encodeName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  const parts = labels.map((label) => {
    if (label.length === 0 || label.length > 63) throw new RangeError(`"${name}" is not a DNS name`);
    return Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]);
  });
  const encoded = Buffer.concat([...parts, Buffer.of(0)]);
  if (encoded.length > nameBytesMax) throw new RangeError(`"${name.slice(0, 80)}…" is too long for a DNS name`);
  return encoded;
}

function encodeRecord(record: DnsRecord, asked: string): Buffer {
  const data = encodeData(record);
  // Most owners are the name asked for, which stands at a known place.
  const owner = record.name === asked ? uint16(0xc000 | headerBytes) : encodeName(record.name);
  return Buffer.concat([
    owner,
    uint16(types[record.type]),
    uint16(1),
    uint32(record.ttlSeconds),
    uint16(data.length),
    data,
  ]);
}

function encodeData(record: DnsRecord): Buffer {
  if ('address' in record) return Buffer.from(record.address);
  if (record.type === 'SRV')
    return Buffer.concat([uint16(0), uint16(100), uint16(record.port), encodeName(record.target)]);
  if (record.type === 'TXT') return Buffer.concat([Buffer.of(record.text.length), Buffer.from(record.text, 'latin1')]);
  if (record.type !== 'SOA') return encodeName(record.target);
  const numbers = [1, 7200, 1800, 86_400, record.negativeTtlSeconds].map(uint32);
  return Buffer.concat([encodeName(record.server), encodeName(`hostmaster.${record.name}`), ...numbers]);
}

function encodeOptions({ error }: Reply): Buffer {
  const text = Buffer.from(error?.text ?? '', 'utf8');
  const option =
    error === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([uint16(15), uint16(2 + text.length), uint16(error.code), text]);
  return Buffer.concat([
    Buffer.of(0),
    uint16(types.OPT),
    uint16(udpBytesCap),
    uint32(0),
    uint16(option.length),
    option,
  ]);
}
