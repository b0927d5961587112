import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Client } from '../client/client.ts';
import { inProcessClient } from '../client/in-process.ts';
import { manualClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { startServer } from '../server/testing/start.ts';
import { seekLeadership } from './lease.ts';

const lease = { namespace: 'kube-system', name: 'scheduler' };

async function start(t: TestContext) {
  const server = await startServer({ log: silentLog });
  t.after(() => server.stop());
  const client = inProcessClient(server, 'test-admin');
  const clock = manualClock(Date.parse('2026-01-01T00:00:00Z'));
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 1000) {
      clock.advance(1000);
      await settle();
    }
  };
  function candidate(identity: string, own: Client = client) {
    const state = { leads: 0, leading: false };
    const stop = seekLeadership({ client: own, lease, identity, clock, log: silentLog }, (signal) => {
      state.leads++;
      state.leading = true;
      signal.addEventListener('abort', () => (state.leading = false));
    });
    return { state, stop };
  }
  return { client, settle, pass, candidate };
}

test('one of two leads; when it gives up, the other takes over soon', async (t) => {
  const { settle, pass, candidate, client } = await start(t);
  const first = candidate('one');
  await settle();
  const second = candidate('two');
  await pass(60_000);
  assert.deepEqual([first.state, second.state.leading], [{ leads: 1, leading: true }, false]);
  await first.stop();
  await pass(5000);
  assert.deepEqual([first.state.leading, second.state.leading], [false, true]);
  const { spec } = (await client.get('leases.coordination.k8s.io', lease)) as any;
  assert.deepEqual([spec.holderIdentity, spec.leaseTransitions], ['two', 1]);
  await second.stop();
});

test('who cannot renew stops leading before another may start', async (t) => {
  const { client, settle, pass, candidate } = await start(t);
  let reachable = true;
  const ask = (name: 'get' | 'update') =>
    (async (...words: unknown[]) => {
      if (!reachable) throw new Error('no route');
      return (client[name] as (...words: unknown[]) => Promise<unknown>)(...words);
    }) as any;
  const first = candidate('one', { ...client, get: ask('get'), update: ask('update') });
  await settle();
  const second = candidate('two');
  await pass(10_000);
  reachable = false;
  let both = false;
  for (let passed = 0; passed < 40; passed++) {
    await pass(1000);
    both ||= first.state.leading && second.state.leading;
  }
  assert.deepEqual([both, first.state.leading, second.state.leading], [false, false, true]);
  await second.stop();
});
