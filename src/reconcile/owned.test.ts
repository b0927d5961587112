import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import type { ControllerContext } from './controller.ts';
import { controllerReference, ignoreGone, ownerKeys, ownerOrSelectorKeys } from './owned.ts';

const owner = {
  ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'set', namespace: 'a', uid: 'u' } },
  spec: { selector: { matchLabels: { app: 'web' } } },
} as KubernetesObject;
const pod = (labels: Record<string, string>, ownerReferences?: KubernetesObject['metadata']['ownerReferences']) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'a', labels, ownerReferences },
  }) as KubernetesObject;

test('an owned object leads to its owner, if that is of the kind asked for', () => {
  const owned = pod({}, [controllerReference(owner)]);
  assert.deepEqual(ownerKeys('ReplicaSet', 'apps')(owned), [{ namespace: 'a', name: 'set' }]);
  assert.deepEqual(ownerKeys('ReplicaSet', 'other.example')(owned), []);
  const plain = pod({}, [{ ...controllerReference(owner), controller: false }]);
  assert.deepEqual(ownerKeys('ReplicaSet', 'apps')(plain), []);
});

test('an orphan leads to whoever would adopt it', () => {
  const context = { cache: () => ({ list: () => [owner] }) } as unknown as ControllerContext;
  const keys = ownerOrSelectorKeys('replicasets.apps', 'ReplicaSet', 'apps');
  assert.deepEqual(keys(pod({ app: 'web' }), context), [{ namespace: 'a', name: 'set' }]);
  assert.deepEqual(keys(pod({ app: 'other' }), context), []);
  const going = pod({ app: 'web' });
  going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  assert.deepEqual(keys(going, context), []);
});

test('only absence and conflicts are passed over', () => {
  assert.equal(ignoreGone(new ApiError('NotFound', 'gone')), undefined);
  assert.throws(() => ignoreGone(new ApiError('Forbidden', 'no')), /no/);
});
