import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createLimits } from './limits.ts';
import type { Target } from './request.ts';

const get = { isResource: true, verb: 'get', subresource: '' } as Target;
const bounds = { requestsMax: 4, requestsPerUserMax: 4, streamsMax: 4, streamsPerUserMax: 4 };

test('what a node and the cluster itself consist of has places of its own, people have none of these', () => {
  for (const group of ['system:nodes', 'rempart:network', 'rempart:volumes', 'system:serviceaccounts:kube-system']) {
    const { enter } = createLimits(bounds);
    const person = { username: 'anna', groups: ['system:authenticated'] };
    for (let count = 0; count < 3; count++) enter(person, get);
    assert.throws(() => enter(person, get), /too many requests/);
    enter({ username: 'own', groups: [group] }, get);
  }
});
