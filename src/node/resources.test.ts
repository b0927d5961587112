import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPod } from './pods/testing/view.ts';
import { cpuQuota, cpuShares, linuxResources } from './resources.ts';

const container = (resources: object, more: object = {}) => ({ name: 'main', image: 'i', resources, ...more });
const both = { cpu: '500m', memory: '1Gi' };
const gibibyte = 2 ** 30;

test('shares, quota and OOM score are the kubelet’s', () => {
  assert.deepEqual([cpuShares(0), cpuShares(1000), cpuShares(250)], [2, 1024, 256]);
  assert.deepEqual([cpuQuota(0), cpuQuota(1), cpuQuota(1500)], [0, 1000, 150_000]);
  const resourcesOf = (resources: object) => {
    const pod = testPod({ containers: [container(resources)] });
    return linuxResources(pod, pod.spec!.containers[0]!, 4 * gibibyte);
  };
  assert.deepEqual(resourcesOf({ limits: both, requests: { memory: '512Mi' } }), {
    cpuPeriodMicroseconds: 100_000,
    cpuQuotaMicroseconds: 50_000,
    cpuShares: 512,
    memoryLimitBytes: gibibyte,
    oomScoreAdj: 875,
  });
  assert.equal(resourcesOf({}).oomScoreAdj, 1000);
  assert.equal(resourcesOf({ limits: both }).oomScoreAdj, -997);
  assert.equal(resourcesOf({ requests: { memory: '4Gi' } }).oomScoreAdj, 3);
});
