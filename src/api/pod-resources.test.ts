import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf, podAmounts, requestsHeld, requestsOf } from './pod-resources.ts';
import type { Pod } from './schema/types.d.ts';

const container = (resources: object, more: object = {}) => ({ name: 'main', image: 'i', resources, ...more });
const testPod = (spec: object) => ({ metadata: { name: 'web' }, spec }) as Pod;
const both = { cpu: '500m', memory: '1Gi' };

test('a pod needs its containers and sidecars, or its largest moment before', () => {
  const cpu = (amount: string) => ({ requests: { cpu: amount } });
  const sidecar = { restartPolicy: 'Always' };
  const needs = (initContainers: object[], containers: object[], more: object = {}) =>
    podAmounts(testPod({ initContainers, containers, ...more }), requestsOf).cpuMilli;
  assert.equal(needs([], [container(cpu('1')), container(cpu('500m'))]), 1500);
  assert.equal(needs([container(cpu('3'))], [container(cpu('1'))]), 3000);
  assert.equal(needs([container(cpu('1'), sidecar), container(cpu('3'))], [container(cpu('1'))]), 4000);
  assert.equal(needs([container(cpu('3')), container(cpu('1'), sidecar)], [container(cpu('1'))]), 3000);
  assert.equal(needs([container(cpu('1'), sidecar)], [container(cpu('4'))]), 5000);
  assert.equal(needs([], [container(cpu('1'))], { overhead: { cpu: '250m' } }), 1250);
  assert.equal(podAmounts(testPod({ containers: [container({ limits: both })] }), limitsOf).memoryBytes, 2 ** 30);
});

test('what is stated for the whole pod is what it needs', () => {
  const huge = { 'hugepages-2Mi': '4Mi' };
  const requests = { cpu: '1', 'example.com/gpu': '1' };
  const pod = testPod({ containers: [container({ requests })], resources: { requests: { cpu: '3', ...huge } } });
  const { cpuMilli, memoryBytes, extended } = podAmounts(pod, requestsOf);
  assert.deepEqual([cpuMilli, memoryBytes], [3000, 0]);
  assert.deepEqual(Object.fromEntries(extended!), { 'example.com/gpu': 1, 'hugepages-2Mi': 2 ** 22 });
});

test('while a pod is resized it holds the most of what it asks for, was granted and has', () => {
  const pod = (asked: string, granted: string, has: string, reason?: string, generation = 2): Pod => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', generation } },
    spec: { containers: [container({ requests: { cpu: asked } })] },
    status: {
      conditions: reason ? [{ type: 'PodResizePending', status: 'True', reason }] : [],
      containerStatuses: [
        {
          ...{ name: 'main', image: 'i', imageID: '', ready: true, restartCount: 0 },
          ...{ allocatedResources: { cpu: granted }, resources: { requests: { cpu: has } } },
        },
      ],
    },
  });
  assert.equal(requestsHeld(pod('1', '1', '1')).cpuMilli, 1000);
  assert.equal(requestsHeld(pod('3', '1', '1')).cpuMilli, 3000);
  assert.equal(requestsHeld(pod('3', '1', '1', 'Deferred')).cpuMilli, 3000);
  assert.equal(requestsHeld(pod('3', '1', '1', 'Infeasible')).cpuMilli, 1000);
  assert.equal(requestsHeld(pod('1', '1', '2')).cpuMilli, 2000);
  assert.equal(requestsHeld(pod('1', '2', '1')).cpuMilli, 2000);
  assert.equal(requestsHeld(pod('3', '1', '1', 'Infeasible', 1)).cpuMilli, 3000);
});
