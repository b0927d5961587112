import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../api/schema/types.d.ts';
import { allocate } from './allocation.ts';
import { testPod } from './testing/view.ts';

const node = { status: { allocatable: { cpu: '2', memory: '4Gi', pods: '10' } } } as unknown as Node;
const asking = (cpu: string, metadata: object = {}) =>
  testPod({ containers: [{ name: 'main', image: 'i', resources: { requests: { cpu } } }] }, metadata);
const cpuOf = ({ spec }: ReturnType<typeof testPod>) => spec!.containers[0]!.resources?.requests?.['cpu'];

test('a resize that fits is made', () => {
  const { pod, pending } = allocate(asking('2'), asking('1'), node, []);
  assert.deepEqual([cpuOf(pod), pending], ['2', undefined]);
});

test('a resize waits for others to leave, and keeps what is new otherwise', () => {
  const { pod, pending } = allocate(asking('2', { generation: 2 }), asking('1'), node, [asking('1')]);
  assert.deepEqual([cpuOf(pod), pod.metadata.generation, pending?.reason], ['1', 2, 'Deferred']);
  assert.match(pending!.message, /cpu, requested: 2000, used: 1000, capacity: 2000/);
});

test('a resize beyond the node is infeasible, whoever else runs', () => {
  assert.equal(allocate(asking('3'), asking('1'), node, []).pending?.reason, 'Infeasible');
});

test('a pod that asks for nothing else is left alone, however full the node is', () => {
  const [before, full] = [asking('1'), asking('2')];
  assert.deepEqual(allocate(asking('1'), before, node, [full]), { pod: before, pending: undefined });
});

test('init containers keep theirs, too', () => {
  const withInit = (cpu: string) => {
    const container = { name: 'init', image: 'i', resources: { requests: { cpu } } };
    return testPod({ initContainers: [container] });
  };
  const { pod, pending } = allocate(withInit('4'), withInit('1'), node, []);
  assert.equal(pending?.reason, 'Infeasible');
  assert.equal(pod.spec!.initContainers![0]!.resources!.requests!['cpu'], '1');
});
