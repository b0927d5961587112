import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingCompute } from './quota.ts';
import { usageOf } from './usage.ts';

const pod = (spec: object, resources: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
  spec: { containers: [{ name: 'c', resources }], ...spec },
});

test('what a pod states as a whole is used, not what its containers state, with its overhead', () => {
  const small = { requests: { cpu: '1m', memory: '1Mi', 'example.com/gpu': '1' }, limits: { cpu: '2' } };
  const whole = { requests: { cpu: '100', 'hugepages-2Mi': '4Mi' }, limits: { memory: '1Gi', 'hugepages-2Mi': '4Mi' } };
  const usage = usageOf('pods', pod({ resources: whole, overhead: { cpu: '250m', memory: '1Mi' } }, small));
  assert.deepEqual(usage, {
    ...{ 'count/pods': '1', pods: '1', cpu: '100250m', memory: '2Mi', 'hugepages-2Mi': '4Mi' },
    ...{ 'requests.cpu': '100250m', 'requests.memory': '2Mi', 'requests.hugepages-2Mi': '4Mi' },
    ...{ 'requests.example.com/gpu': '1', 'limits.cpu': '2250m', 'limits.memory': '1025Mi' },
    ...{ 'limits.hugepages-2Mi': '4Mi' },
  });
});

test('containers must say what a quota limits, unless the pod does as a whole', () => {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { cpu: '1' } } };
  assert.deepEqual(missingCompute(quota, pod({})), ['cpu for: c']);
  assert.deepEqual(missingCompute(quota, pod({}, { requests: { cpu: '1m' } })), []);
  assert.deepEqual(missingCompute(quota, pod({ resources: {} })), ['cpu for: c']);
  assert.deepEqual(missingCompute(quota, pod({ resources: { limits: { memory: '1Gi' } } })), []);
});
