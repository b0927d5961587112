import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostFacts, hostFactsName, readHostFacts } from '../api/host-facts.ts';
import { createClient } from '../client/client.ts';
import { manualClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { startDefended } from '../server/testing/defended.ts';
import { publishHostFacts } from './host-facts-publisher.ts';

const minutes = 60_000;
const user = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };

/** A node that tells of its machine with its own identity, and how often it has written. */
async function start(reachable = true) {
  const server = await startDefended();
  await server.make({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  const clock = manualClock();
  const state = { kernel: '1', writes: 0, reachable, rounds: 0 };
  let ended = () => {};
  const client = createClient({
    async send(request) {
      if (!state.reachable) throw new Error('the API cannot be reached');
      if (request.method !== 'GET') state.writes++;
      return server.call(user, request);
    },
    stream: () => assert.fail('nothing is watched'),
    close() {},
  });
  const collect = async (): Promise<HostFacts> => ({
    ...{ version: 1, node: 'n1', files: [], omitted: 0, kubelet: {}, sysctls: {} },
    ...{ kernel: state.kernel, operatingSystem: '', containerd: '' },
  });
  /** Resolves when the round that began last is over: it asks for the next one. */
  const round = () => new Promise<void>((resolve) => (ended = resolve));
  const watched = {
    ...clock,
    after: (delayMs: number, callback: () => void) => {
      state.rounds++;
      const cancel = clock.after(delayMs, callback);
      ended();
      return cancel;
    },
  };
  const first = round();
  const publisher = publishHostFacts({ node: 'n1', client, collect, clock: watched, log: silentLog });
  await first;
  const after = async (milliseconds: number) => {
    const next = round();
    clock.advance(milliseconds);
    await next;
  };
  const read = async () => {
    const { body } = await server.ask(
      { username: 'm', groups: ['system:masters'] },
      'GET',
      `/namespaces/kube-system/configmaps/${hostFactsName('n1')}`,
    );
    return body;
  };
  return { state, after, read, clock, publisher, stop: server.stop };
}

test('a node tells of its machine once, and again only when it has changed', async () => {
  const node = await start();
  const told = await node.read();
  assert.equal(readHostFacts(told.data.facts)!.kernel, '1');
  assert.equal(told.metadata.ownerReferences[0].kind, 'Node', 'it goes with its node');
  await node.after(10 * minutes);
  assert.equal(node.state.writes, 1, 'nothing has changed');
  node.state.kernel = '2';
  await node.after(10 * minutes);
  assert.equal(node.state.writes, 2);
  assert.equal(readHostFacts((await node.read()).data.facts)!.kernel, '2');
  node.publisher.stop();
  const { rounds } = node.state;
  node.clock.advance(60 * minutes);
  assert.equal(node.state.rounds, rounds, 'stopped');
  await node.stop();
});

test('while the API is away it tries again soon', async () => {
  const node = await start(false);
  node.state.reachable = true;
  await node.after(30_000);
  assert.equal(readHostFacts((await node.read()).data.facts)!.node, 'n1');
  node.publisher.stop();
  await node.stop();
});
