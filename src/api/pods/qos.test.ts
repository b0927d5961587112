import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../schema/types.d.ts';
import { qosClass } from './qos.ts';

const container = (resources: object) => ({ name: 'main', image: 'i', resources });
const classOf = (spec: object) => qosClass({ metadata: { name: 'web' }, spec } as Pod);
const both = { cpu: '500m', memory: '1Gi' };

test('the class of a pod follows from what all its containers state', () => {
  const classes: [string, object[], object[]?][] = [
    ['BestEffort', [container({})]],
    ['Burstable', [container({ requests: { cpu: '1' } })]],
    ['Guaranteed', [container({ limits: both })]],
    ['Guaranteed', [container({ limits: both, requests: { cpu: '0.5', memory: '1024Mi' } })]],
    ['Burstable', [container({ limits: both }), container({})]],
    ['Burstable', [container({ limits: both, requests: { cpu: '100m' } })]],
    ['Burstable', [container({ limits: both })], [container({})]],
    ['Burstable', [container({ limits: { cpu: '1' } })]],
    ['BestEffort', [container({ limits: { 'ephemeral-storage': '1Gi' } })]],
    ['BestEffort', [container({ requests: { cpu: '0' }, limits: { memory: '0.0' } })]],
  ];
  for (const [expected, containers, initContainers = []] of classes)
    assert.equal(classOf({ containers, initContainers }), expected, JSON.stringify(containers));
});

test('what is stated for the whole pod stands for its containers', () => {
  const classes: [string, object][] = [
    ['Guaranteed', { limits: both }],
    ['Burstable', { limits: both, requests: { cpu: '100m' } }],
    ['Burstable', { requests: { memory: '1Gi' } }],
    ['BestEffort', { limits: { 'hugepages-2Mi': '2Mi' } }],
  ];
  for (const [expected, resources] of classes)
    assert.equal(classOf({ resources, containers: [container({ requests: { cpu: '1m' } })] }), expected);
});
