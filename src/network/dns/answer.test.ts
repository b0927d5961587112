import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import fc from '../../../test/property.ts';
import { systemClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { parseBlock } from '../../policy/policy.ts';
import { questionPacket } from '../testing/dns.ts';
import { memoryCache } from '../testing/memory-cache.ts';
import { answer } from './answer.ts';
import { type DnsRecord, decodeQuery, encodeReply, rcodes, types } from './message.ts';
import { lookUp } from './records.ts';
import { startDnsServer } from './server.ts';
import { createDnsSource } from './source.ts';
import { createUpstream } from './upstream.ts';
import { readAnswer } from './upstream-answer.ts';

const caches = {
  services: memoryCache(),
  endpointSlices: memoryCache(),
  namespaces: memoryCache(),
  pods: memoryCache(),
};
const add = (cache: keyof typeof caches, namespace: string, name: string, rest: object, labels = {}) =>
  caches[cache].set({ apiVersion: 'v1', kind: cache, metadata: { namespace, name, labels }, ...rest });
add('namespaces', '', 'shop', {});
add('services', 'shop', 'web', {
  spec: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'], ports: [{ name: 'http', port: 80 }] },
});
add('services', 'shop', 'db', { spec: { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] } });
add('services', 'shop', 'shift', { spec: { type: 'ExternalName', externalName: 'Example.org.' } });
add('services', 'shop', 'inner', { spec: { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' } });
add(
  'endpointSlices',
  'shop',
  'db-1',
  {
    endpoints: [
      { addresses: ['10.244.0.7'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.0.8'], conditions: { ready: true } },
      { addresses: ['10.244.0.9'], hostname: 'db-2', conditions: { ready: false } },
    ],
    ports: [{ name: 'sql', port: 5432 }],
  },
  { 'kubernetes.io/service-name': 'db' },
);
add('pods', 'shop', 'db-0', { status: { podIP: '10.244.0.7' } });
const source = createDnsSource(caches, [parseBlock('10.244.0.0/16')!, parseBlock('10.96.0.0/16')!]);
after(() => source.stop());

/** Records as text: `A 10.96.0.5`, or the result when there are none. */
function ask(name: string, type = 'A'): string[] | string {
  const found = lookUp(source, 'cluster.local', name, type);
  if (found.result !== 'found' && found.result !== 'alias') return found.result;
  return found.records.map(textOf).sort();
}
const textOf = (record: DnsRecord): string => {
  if ('address' in record) return `${record.type} ${record.address.join('.')}`;
  if (record.type === 'SRV') return `SRV ${record.port} ${record.target}`;
  return `${record.type} ${'target' in record ? record.target : record.type}`;
};

test('services by name: cluster addresses, headless endpoints, ports', () => {
  assert.deepEqual(ask('web.shop.svc.cluster.local'), ['A 10.96.0.5']);
  assert.deepEqual(ask('db.shop.svc.cluster.local'), ['A 10.244.0.7', 'A 10.244.0.8']);
  assert.deepEqual(ask('_http._tcp.web.shop.svc.cluster.local', 'SRV'), ['SRV 80 web.shop.svc.cluster.local']);
  assert.deepEqual(ask('_sql._tcp.db.shop.svc.cluster.local', 'SRV'), [
    'SRV 5432 10-244-0-8.db.shop.svc.cluster.local',
    'SRV 5432 db-0.db.shop.svc.cluster.local',
  ]);
});

test('pods of headless services by hostname, or by their address', () => {
  assert.deepEqual(ask('db-0.db.shop.svc.cluster.local'), ['A 10.244.0.7']);
  assert.deepEqual(ask('10-244-0-8.db.shop.svc.cluster.local'), ['A 10.244.0.8']);
  assert.equal(ask('db-2.db.shop.svc.cluster.local'), 'missing', 'not ready');
});

test('pod records answer only for addresses of that namespace', () => {
  assert.deepEqual(ask('10-244-0-7.shop.pod.cluster.local'), ['A 10.244.0.7']);
  assert.equal(ask('10-244-0-200.shop.pod.cluster.local'), 'missing');
});

test('addresses back to names, others are not ours', () => {
  assert.deepEqual(ask('5.0.96.10.in-addr.arpa', 'PTR'), ['PTR web.shop.svc.cluster.local']);
  assert.deepEqual(ask('7.0.244.10.in-addr.arpa', 'PTR'), ['PTR db-0.db.shop.svc.cluster.local']);
  assert.equal(ask('99.0.244.10.in-addr.arpa', 'PTR'), 'missing', 'of the cluster, without a name');
  assert.equal(ask('1.2.0.192.in-addr.arpa', 'PTR'), 'foreign');
  assert.equal(ask('example.org'), 'foreign');
});

test('what exists without such a record is no data, what does not exist is missing', () => {
  for (const name of [
    'cluster.local',
    'svc.cluster.local',
    'shop.svc.cluster.local',
    '_tcp.web.shop.svc.cluster.local',
  ])
    assert.deepEqual(ask(name), [], name);
  assert.deepEqual(ask('web.shop.svc.cluster.local', 'AAAA'), []);
  for (const name of [
    'gone.shop.svc.cluster.local',
    'web.gone.svc.cluster.local',
    'web.cluster.local',
    'a.b.c.d.e.shop.svc.cluster.local',
  ])
    assert.equal(ask(name), 'missing', name);
});

/** An upstream server on loopback that knows one address and counts its questions. */
async function upstreamServer() {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (packet, from) => {
    asked++;
    const query = decodeQuery(packet);
    const { name } = query.question;
    const record: DnsRecord = { name, ttlSeconds: 60, type: 'A', address: Uint8Array.of(192, 0, 2, 1) };
    // `records-7.example.org` has seven.
    const records = Array.from({ length: Number(/^records-(\d+)/.exec(name)?.[1] ?? 1) }, () => record);
    const reply = {
      rcode: rcodes.NOERROR,
      authoritative: false,
      answers: query.question.type === 1 ? records : [],
      authority: [],
    };
    // First a forgery with the wrong id, which must be ignored.
    socket.send(encodeReply({ ...query, id: (query.id + 1) & 0xffff }, reply, 512), from.port, from.address);
    socket.send(encodeReply(query, reply, 65_535), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  after(() => socket.close());
  const servers = [{ address: '127.0.0.1', port: socket.address().port }];
  return { upstream: createUpstream(() => servers, systemClock), asked: () => asked };
}

async function resolver(mayForward = true) {
  const { upstream, asked } = await upstreamServer();
  const options = { domain: 'cluster.local', source, upstream, mayForward: () => mayForward };
  const askPacket = async (packet: Buffer) => (await answer(packet, '10.244.0.2', false, options)) as Buffer;
  return {
    options,
    asked,
    askPacket,
    ask: async (name: string, type = 1) => readAnswer(await askPacket(questionPacket(name, type))),
  };
}

test('NXDOMAIN and no data carry the SOA, so that clients may remember them', async () => {
  const { askPacket } = await resolver();
  for (const [name, rcode] of [
    ['gone.shop.svc.cluster.local', rcodes.NXDOMAIN],
    ['shop.svc.cluster.local', rcodes.NOERROR],
  ] as const) {
    const packet = await askPacket(questionPacket(name, 1));
    assert.deepEqual([packet[3]! & 15, packet.readUInt16BE(6), packet.readUInt16BE(8)], [rcode, 0, 1]);
    assert.equal(readAnswer(packet).ttlSeconds, 5);
  }
});

test('names of the outside are asked upstream once and remembered', async () => {
  const { ask, asked } = await resolver();
  assert.deepEqual([...(await ask('example.org')).addresses[0]!.address], [192, 0, 2, 1]);
  assert.deepEqual([...(await ask('example.org')).addresses[0]!.address], [192, 0, 2, 1]);
  assert.equal(asked(), 1);
});

test('a large answer is not remembered: a zone of somebody’s own could fill the memory of the node', async () => {
  const { ask, asked } = await resolver();
  // A header, a question and EDNS0 of 52 bytes, and 16 for each record.
  for (const [records, times] of [
    [252, 1],
    [253, 2],
  ] as const) {
    const before = asked();
    for (let i = 0; i < 2; i++) assert.equal((await ask(`records-${records}.example.org`)).truncated, true);
    assert.equal(asked() - before, times, `${records} records`);
  }
});

test('an island has nothing looked up outside, not even by way of an ExternalName', async () => {
  const { ask, asked, askPacket } = await resolver(false);
  assert.equal((await ask('secret.example.org')).rcode, rcodes.REFUSED);
  const alias = await askPacket(questionPacket('shift.shop.svc.cluster.local', 1));
  assert.equal(alias.readUInt16BE(6), 1, 'the alias alone');
  assert.equal(asked(), 0);
});

test('an ExternalName gives its alias and the addresses behind it', async () => {
  const { ask } = await resolver();
  assert.deepEqual(
    (await ask('shift.shop.svc.cluster.local')).addresses.map(({ address }) => [...address]),
    [[192, 0, 2, 1]],
  );
  assert.deepEqual(
    (await ask('inner.shop.svc.cluster.local')).addresses.map(({ address }) => [...address]),
    [[10, 96, 0, 5]],
  );
});

test('nonsense is answered as such: FORMERR, NOTIMP, REFUSED, or not at all', async () => {
  const { askPacket } = await resolver();
  const packet = questionPacket('web.shop.svc.cluster.local', 1);
  const changed = (at: number, value: number) => Object.assign(Buffer.from(packet), { [at]: value });
  assert.equal((await askPacket(changed(5, 2)))[3]! & 15, rcodes.FORMERR);
  assert.equal((await askPacket(changed(2, 0x28)))[3]! & 15, rcodes.NOTIMP);
  assert.equal((await askPacket(changed(packet.length - 1, 3)))[3]! & 15, rcodes.REFUSED);
  assert.equal(await askPacket(changed(2, 0x80)), undefined, 'answers are not answered');
  assert.equal(await askPacket(Buffer.alloc(5)), undefined);
});

test('whatever arrives, an answer is given or none, and nothing is thrown', async () => {
  const { askPacket } = await resolver(false);
  const packet = questionPacket('web.shop.svc.cluster.local', 1, { udpBytesMax: 1232 });
  const change = fc.tuple(fc.nat(packet.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 5 }), fc.nat(packet.length), async (changes, length) => {
      const mutated = Buffer.from(packet);
      for (const [at, value] of changes) mutated[at] = value;
      const reply = await askPacket(mutated.subarray(0, length));
      assert.ok(reply === undefined || reply.length >= 12);
    }),
    { numRuns: 1000 },
  );
});

test('the server answers over UDP and TCP, several questions on one connection', async () => {
  const { options } = await resolver();
  const server = await startDnsServer({
    ...options,
    address: '127.0.0.1',
    port: 0,
    mayAsk: () => true,
    log: silentLog,
  });
  const udp = createSocket('udp4');
  udp.send(questionPacket('web.shop.svc.cluster.local', types.A), server.port, '127.0.0.1');
  const [datagram] = await once(udp, 'message');
  assert.equal(readAnswer(datagram).addresses.length, 1);
  udp.close();

  const socket = connect(server.port, '127.0.0.1');
  const packet = questionPacket('web.shop.svc.cluster.local', types.A);
  const framed = Buffer.concat([Buffer.from([0, packet.length]), packet]);
  socket.write(Buffer.concat([framed, framed.subarray(0, 3)]));
  const [first] = await once(socket, 'data');
  assert.equal(readAnswer(first.subarray(2)).addresses.length, 1);
  socket.write(framed.subarray(3));
  const [second] = await once(socket, 'data');
  assert.deepEqual(second, first);
  socket.write(Buffer.from([0xff, 0xff]));
  await once(socket, 'close');
  await server.close();
});

test('a taken port is named, with what may be done', async () => {
  const { options } = await resolver();
  const serve = (port: number) =>
    startDnsServer({ ...options, address: '127.0.0.1', port, mayAsk: () => true, log: silentLog });
  const first = await serve(0);
  await assert.rejects(serve(first.port), /cannot listen on 127.0.0.1:\d+: another server holds that port/);
  await first.close();
});
