import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../foundation/log.ts';
import { questionPacket } from '../testing/dns.ts';
import { types } from './message.ts';
import { startDnsServer } from './server.ts';

/** Forwards every question; `answer` is what the outside says. */
async function start(t: TestContext, answer: Buffer) {
  const asked = { count: 0 };
  const upstream = {
    async ask() {
      asked.count += 1;
      return { packet: answer, answer: { addresses: [], ttlSeconds: 0 } };
    },
  };
  const source = { service: () => undefined, services: () => [] };
  const server = await startDnsServer({
    ...{ address: '127.0.0.1', port: 0, domain: 'cluster.local', mayAsk: () => true, mayForward: () => true },
    ...{ source: source as never, upstream: upstream as never, log: silentLog },
  });
  t.after(() => server.close());
  const dial = async () => {
    const socket = connect(server.port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  return { asked, dial };
}

const question = questionPacket('example.org', types.A);
const framed = Buffer.concat([Buffer.from([0, question.length]), question]);

test('who asks without listening is answered no further than the line holds', async (t) => {
  const questions = 2000;
  const { asked, dial } = await start(t, Buffer.alloc(60_000));
  const socket = await dial();
  socket.pause();
  for (let count = 0; count < questions; count++) socket.write(framed);
  let before = -1;
  while (asked.count !== before) {
    before = asked.count;
    await sleep(200);
  }
  assert.ok(asked.count > 0 && asked.count < questions / 2, `${asked.count} answers wait`);
});

test('a client that holds sixteen connections gets no more', async (t) => {
  const { dial } = await start(t, Buffer.alloc(12));
  for (let count = 0; count < 16; count++) await dial();
  const one = await dial();
  await once(one, 'close');
});
