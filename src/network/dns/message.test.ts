import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { questionPacket } from '../testing/dns.ts';
import {
  decodeQuery,
  encodeName,
  encodeReply,
  MalformedMessage,
  type Query,
  rcodes,
  readName,
  types,
  udpLimitOf,
} from './message.ts';
import { readAnswer } from './upstream-answer.ts';

const query: Query = {
  id: 7,
  recursionDesired: true,
  opcode: 0,
  question: { name: 'web.shop.svc.cluster.local', type: 1, class: 1 },
  udpBytesMax: undefined,
};
const addresses = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: query.question.name,
    ttlSeconds: 5,
    type: 'A' as const,
    address: Uint8Array.of(10, 0, index >> 8, index & 255),
  }));
const found = { rcode: rcodes.NOERROR, authoritative: true, authority: [] };

test('a question is read as it was asked, in lower case', () => {
  const decoded = decodeQuery(questionPacket('WeB.Shop.svc.cluster.local', types.SRV, { udpBytesMax: 4096 }));
  assert.deepEqual(decoded.question, { name: 'web.shop.svc.cluster.local', type: types.SRV, class: 1 });
  assert.equal(decoded.udpBytesMax, 4096);
  assert.equal(udpLimitOf(decoded), 1232, 'no larger than what passes without fragments');
  assert.equal(udpLimitOf({ ...decoded, udpBytesMax: undefined }), 512);
});

test('an answer carries id, question and records', () => {
  const packet = encodeReply(query, { ...found, answers: addresses(2) }, 512);
  const answer = readAnswer(packet);
  assert.equal(packet.readUInt16BE(0), 7);
  assert.deepEqual(answer.question, query.question);
  assert.deepEqual(
    answer.addresses.map(({ address }) => [...address]),
    [
      [10, 0, 0, 0],
      [10, 0, 0, 1],
    ],
  );
});

test('an answer that does not fit is truncated to its header and question', () => {
  const packet = encodeReply(query, { ...found, answers: addresses(100) }, 512);
  assert.equal(readAnswer(packet).truncated, true);
  assert.equal(packet.readUInt16BE(6), 0);
  assert.ok(packet.length <= 512);
  assert.equal(readAnswer(encodeReply(query, { ...found, answers: addresses(100) }, 65_535)).addresses.length, 100);
});

test('the reason of a refusal is told to clients with EDNS0 only', () => {
  const reply = {
    rcode: rcodes.REFUSED,
    authoritative: false,
    answers: [],
    authority: [],
    error: { code: 18, text: 'no egress' },
  };
  assert.match(encodeReply({ ...query, udpBytesMax: 1232 }, reply, 512).toString('latin1'), /no egress/);
  assert.doesNotMatch(encodeReply(query, reply, 512).toString('latin1'), /no egress/);
});

test('names that DNS cannot hold are not encoded', () => {
  assert.throws(() => encodeName(`${'a'.repeat(64)}.local`), RangeError);
  assert.throws(() => encodeName('a..local'), RangeError);
  assert.throws(() => encodeName(Array(60).fill('abcde').join('.')), RangeError);
});

test('compression pointers that lead forward or round are refused', () => {
  for (const bytes of [
    [0xc0, 0x00],
    [0xc0, 0x04, 0, 0, 0xc0, 0x00],
    [1, 97, 0xc0, 0x02],
  ])
    assert.throws(() => readName(Buffer.from(bytes), 0), MalformedMessage);
});

test('any packet at all is read or refused, never more', () => {
  const mutated = fc.tuple(
    fc.constant(questionPacket('web.shop.svc.cluster.local', 1, { udpBytesMax: 1232 })),
    fc.array(fc.tuple(fc.nat(70), fc.nat(255)), { maxLength: 6 }),
    fc.nat(80),
  );
  const packets = fc.oneof(
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    mutated.map(([packet, changes, length]) => {
      const copy = Buffer.from(packet);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      return copy.subarray(0, length);
    }),
  );
  fc.assert(
    fc.property(packets, (packet) => {
      for (const read of [decodeQuery, readAnswer])
        try {
          read(packet);
        } catch (error) {
          assert.ok(error instanceof MalformedMessage, String(error));
        }
    }),
    { numRuns: 3000 },
  );
});
