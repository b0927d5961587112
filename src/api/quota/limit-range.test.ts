import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../object.ts';
import { podLimitProblems } from './limit-range.ts';

const range = (limit: object): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'r' } },
  spec: { limits: [{ type: 'Container', ...limit }] },
});
const pod = (resources: object): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
  spec: { containers: [{ name: 'c', resources }] },
});

test('a ratio of limit to request needs both, and neither of them 0', () => {
  const problems = (resources: object) =>
    podLimitProblems([range({ maxLimitRequestRatio: { memory: '2' } })], pod(resources));
  const of = (request: string | undefined, limit: string | undefined) =>
    problems({ ...(request && { requests: { memory: request } }), ...(limit && { limits: { memory: limit } }) });
  assert.deepEqual(of('1Gi', '2Gi'), []);
  assert.match(of('1Gi', '3Gi').join(), /max limit to request ratio per Container is 2, but provided ratio is 3/);
  assert.match(of('1Gi', undefined).join(), /but no limit is specified or limit is 0/);
  assert.match(of(undefined, '1Gi').join(), /but no request is specified or request is 0/);
  assert.match(of('0', '1Gi').join(), /but no request is specified or request is 0/);
  assert.match(of(undefined, undefined).join(), /but no request is specified/);
});
