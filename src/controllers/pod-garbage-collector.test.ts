import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { podGarbageCollector } from './pod-garbage-collector.ts';
import { startCluster } from './testing/cluster.ts';

const pod = (name: string, nodeName?: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } },
  spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
});

test('pods go with their node, others stay', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [podGarbageCollector(50)]);
  for (const name of ['n1', 'n2']) await client.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  await client.create('pods', pod('lost', 'n1'));
  await client.create('pods', pod('kept', 'n2'));
  await client.create('pods', pod('waiting'));
  await eventually('pods', () => caches('pods').list().length === 3);
  await client.delete('nodes', { name: 'n1' });
  await eventually('pods', () => caches('pods').list().length === 2);
  assert.equal(caches('pods').get('default', 'lost'), undefined);
});

test('a node that is missed again is waited for again', async (t) => {
  const clock = manualClock();
  const { client, caches, eventually } = await startCluster(t, [podGarbageCollector(40_000)], [], clock);
  const passing = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed++) {
      clock.advance(1000);
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    }
  };
  for (const name of ['first', 'second']) {
    await client.create('pods', pod(name, 'gone'));
    await eventually('pods', () => caches('pods').get('default', name));
    await passing(20);
    assert.ok(caches('pods').get('default', name), name);
    await passing(21);
    await eventually('pods', () => caches('pods').list().length === 0);
  }
});

test('of pods that have ended the oldest go above the bound, and none at it', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [podGarbageCollector(50, 2)]);
  const finish = async (name: string) => {
    const created = await client.create('pods', pod(name));
    await client.update('pods', { ...created, status: { phase: 'Succeeded' } }, { subresource: 'status' });
  };
  await client.create('pods', pod('running'));
  for (const name of ['first', 'second']) await finish(name);
  await eventually('pods', () => caches('pods').list().length === 3);
  await finish('third');
  await eventually('pods', () => caches('pods').get('default', 'first') === undefined);
  assert.deepEqual(
    caches('pods')
      .list()
      .map(({ metadata }) => metadata.name)
      .sort(),
    ['running', 'second', 'third'],
  );
});

test('pods that cannot end, as their node was taken out of service, go at once', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [podGarbageCollector(50)]);
  const { metadata } = await client.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  const held = { namespace: 'default', finalizers: ['example.com/held'] };
  for (const name of ['going', 'staying'])
    await client.create('pods', { ...pod(name, 'n1'), metadata: { ...held, name } });
  await client.delete('pods', { namespace: 'default', name: 'going' });
  const taint = (key: string) => {
    const body = { spec: { taints: [{ key, effect: 'NoExecute' }] } };
    return client.patch('nodes', { name: metadata.name }, { type: 'merge', body });
  };
  const phase = (name: string) => caches('pods').get('default', name)?.['status']?.phase;
  await taint('node.kubernetes.io/unreachable');
  await taint('node.kubernetes.io/out-of-service');
  await eventually('pods', () => phase('going') === 'Failed');
  assert.equal(phase('staying'), 'Pending');
});
