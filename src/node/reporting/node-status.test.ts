import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NodeFindings, nodeObject, nodeStatus } from './node-status.ts';
import { calm, options } from './testing/node.ts';

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
