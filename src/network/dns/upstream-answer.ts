import { MalformedMessage, type Question, readName, types } from './message.ts';

/** A foreign answer, read just enough to check it, age it and take addresses from it. */
export type UpstreamAnswer = {
  question: Question;
  rcode: number;
  truncated: boolean;
  /** How long it may be kept; 0: not at all. */
  ttlSeconds: number;
  /** Where the packet holds TTLs. */
  ttlOffsets: number[];
  addresses: { type: 'A' | 'AAAA'; ttlSeconds: number; address: Uint8Array }[];
};

const ttlSecondsMax = 3600;
const recordsMax = 512;

/** Reads an answer of an upstream server; throws MalformedMessage. */
export function readAnswer(packet: Buffer): UpstreamAnswer {
  if (packet.length < 12) throw new MalformedMessage('shorter than a header');
  const flags = packet.readUInt16BE(2);
  if ((flags & 0x8000) === 0 || packet.readUInt16BE(4) !== 1)
    throw new MalformedMessage('not an answer to one question');
  const asked = readName(packet, 12);
  if (asked.end + 4 > packet.length) throw new MalformedMessage('the question is cut off');
  const question = {
    name: asked.name,
    type: packet.readUInt16BE(asked.end),
    class: packet.readUInt16BE(asked.end + 2),
  };
  const answerCount = packet.readUInt16BE(6);
  const count = answerCount + packet.readUInt16BE(8) + packet.readUInt16BE(10);
  if (count > recordsMax) throw new MalformedMessage('too many records');
  const result: UpstreamAnswer = {
    question,
    rcode: flags & 15,
    truncated: (flags & 0x0200) !== 0,
    ttlSeconds: ttlSecondsMax,
    ttlOffsets: [],
    addresses: [],
  };
  let at = asked.end + 4;
  for (let index = 0; index < count; index++) at = readRecord(packet, at, index < answerCount, result);
  if (result.ttlOffsets.length === 0 || result.truncated || (result.rcode !== 0 && result.rcode !== 3))
    result.ttlSeconds = 0;
  return result;
}

function readRecord(packet: Buffer, at: number, isAnswer: boolean, result: UpstreamAnswer): number {
  const { end } = readName(packet, at);
  if (end + 10 > packet.length) throw new MalformedMessage('a record is cut off');
  const type = packet.readUInt16BE(end);
  const dataAt = end + 10;
  const next = dataAt + packet.readUInt16BE(end + 8);
  if (next > packet.length) throw new MalformedMessage('a record is cut off');
  if (type === types.OPT) return next;
  const ttlSeconds = Math.min(packet.readUInt32BE(end + 4), 0x7fffffff);
  result.ttlOffsets.push(end + 4);
  // RFC 2308: a negative answer lives as long as the lesser of the SOA's TTL and its last field.
  const negative = type === types.SOA && next - dataAt >= 20 ? packet.readUInt32BE(next - 4) : ttlSeconds;
  result.ttlSeconds = Math.min(result.ttlSeconds, ttlSeconds, negative);
  const address = packet.subarray(dataAt, next);
  if (isAnswer && type === types.A && address.length === 4) result.addresses.push({ type: 'A', ttlSeconds, address });
  if (isAnswer && type === types.AAAA && address.length === 16)
    result.addresses.push({ type: 'AAAA', ttlSeconds, address });
  return next;
}

/** A copy of a kept answer for another client: its id, and TTLs less by the answer's age. */
export function aged(packet: Buffer, ttlOffsets: number[], id: number, ageSeconds: number): Buffer {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(id, 0);
  for (const offset of ttlOffsets) copy.writeUInt32BE(Math.max(0, copy.readUInt32BE(offset) - ageSeconds), offset);
  return copy;
}
