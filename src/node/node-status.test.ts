import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../api/schema/types.d.ts';
import { manualClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import type { Machine } from './machine.ts';
import { createNodeReporter, type NodeFindings, nodeObject, nodeStatus } from './node-status.ts';
import { startNode } from './testing/cluster.ts';

const machine: Machine = {
  ...{ cpuMilli: 4000, memoryBytes: 8 * 2 ** 30, diskBytes: 100 * 2 ** 30, hostname: 'node-1', address: '192.0.2.1' },
  ...{ kernelVersion: '6.1', osImage: 'Debian', architecture: 'amd64', machineID: 'm', systemUUID: 's', bootID: 'b' },
};
const options = {
  ...{ nodeName: 'node-1', machine, podCIDR: '10.244.0.0/24', maxPods: 110, labels: { zone: 'a' }, kubeletPort: 10250 },
  reserved: { cpuMilli: 100, memoryBytes: 2 ** 28, diskBytes: 10 * 2 ** 30 },
};
const calm: NodeFindings = {
  runtime: { ready: true, networkReady: true, message: '', name: 'containerd', version: '1.6' },
  pressure: { memory: false, disk: false, processes: false },
  images: [],
};
const nowMs = Date.parse('2026-01-31T08:00:00Z');
const conditionsOf = (found: NodeFindings, before = {}) =>
  Object.fromEntries(
    nodeStatus(options, found, before, nowMs).conditions!.map((condition) => [condition.type, condition]),
  );

test('the node says what it has and what pods may have of it', () => {
  const { status, metadata, spec } = nodeObject(options);
  assert.equal(status!.capacity!['cpu'], '4');
  assert.equal(status!.allocatable!['cpu'], '3900m');
  assert.equal(status!.allocatable!['memory'], `${(8 * 2 ** 30 - 2 ** 28) / 1024}Ki`);
  assert.equal(status!.allocatable!['pods'], '110');
  assert.deepEqual(spec!.podCIDRs, ['10.244.0.0/24']);
  assert.equal(metadata.labels!['zone'], 'a');
});

test('a runtime or network that is not ready makes the node not ready, with its words', () => {
  assert.equal(conditionsOf(calm)['Ready']!.status, 'True');
  const down = { ...calm, runtime: { ...calm.runtime, networkReady: false, message: 'no CNI' } };
  assert.equal(conditionsOf(down)['Ready']!.status, 'False');
  assert.equal(conditionsOf(down)['Ready']!.message, 'no CNI');
});

test('pressure has the reasons that people know', () => {
  const reasons = (on: boolean) => {
    const found = conditionsOf({ ...calm, pressure: { memory: on, disk: on, processes: on } });
    return ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => found[type]!.reason);
  };
  assert.deepEqual(reasons(false), [
    'KubeletHasSufficientMemory',
    'KubeletHasNoDiskPressure',
    'KubeletHasSufficientPID',
  ]);
  assert.deepEqual(reasons(true), [
    'KubeletHasInsufficientMemory',
    'KubeletHasDiskPressure',
    'KubeletHasInsufficientPID',
  ]);
});

test('a condition keeps its transition time and others keep their conditions', () => {
  const before = {
    conditions: [
      { type: 'Ready', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' },
      { type: 'NetworkUnavailable', status: 'False' },
    ],
  } as never;
  const found = conditionsOf(calm, before);
  assert.equal(found['Ready']!.lastTransitionTime, '2025-01-01T00:00:00Z');
  assert.equal(found['NetworkUnavailable']!.status, 'False');
  assert.equal(found['MemoryPressure']!.lastTransitionTime, '2026-01-31T08:00:00Z');
});

test('at most fifty images are shown, the largest', () => {
  const images = Array.from({ length: 60 }, (_, index) => {
    return { id: `${index}`, tags: [`t${index}`], digests: [], sizeBytes: index, user: '', pinned: false };
  });
  const { images: shown } = nodeStatus(options, { ...calm, images }, {}, nowMs);
  assert.equal(shown!.length, 50);
  assert.deepEqual(shown![0], { names: ['t59'], sizeBytes: 59 });
});

test('a node that was given up while it was silent takes that back at its next look', async (context) => {
  const { client } = await startNode(context);
  const around = { client, clock: manualClock(nowMs), log: silentLog, leaseSeconds: 40 };
  const reporter = createNodeReporter({ ...around, node: options, inspect: async () => calm });
  const ready = async () => {
    const { status } = await client.get<Node>('nodes', { name: 'node-1' });
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  };
  await reporter.refresh();
  assert.equal(await ready(), 'True');
  const body = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } };
  await client.patch('nodes', { name: 'node-1' }, { type: 'strategic', body }, { subresource: 'status' });
  assert.equal(await ready(), 'Unknown');
  await reporter.refresh();
  assert.equal(await ready(), 'True');
});

test('pods may have what an administrator advertises, until it is withdrawn', async (context) => {
  const { client } = await startNode(context);
  const around = { client, clock: manualClock(nowMs), log: silentLog, leaseSeconds: 40 };
  const reporter = createNodeReporter({ ...around, node: options, inspect: async () => calm });
  const advertise = async (amount: string | null) => {
    const body = { status: { capacity: { 'example.com/dongle': amount } } };
    await client.patch('nodes', { name: 'node-1' }, { type: 'strategic', body }, { subresource: 'status' });
    await reporter.refresh();
    const { status } = await client.get<Node>('nodes', { name: 'node-1' });
    return [status!.allocatable!['example.com/dongle'], status!.allocatable!['cpu'], status!.capacity!['cpu']];
  };
  await reporter.refresh();
  assert.deepEqual(await advertise('4'), ['4', '3900m', '4']);
  const { metadata } = reporter.latest()!;
  await reporter.refresh();
  assert.equal(reporter.latest()!.metadata.resourceVersion, metadata.resourceVersion, 'nothing to write');
  assert.deepEqual(await advertise(null), [undefined, '3900m', '4']);
});
