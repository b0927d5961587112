import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import type { Cache } from '../client/cache.ts';
import { createObjectIndex } from '../client/object-index.ts';
import { indexedLabelsMax, selected } from './selected.ts';

function holding(...objects: [namespace: string, name: string, labels: Record<string, string>][]) {
  const index = createObjectIndex();
  for (const [namespace, name, labels] of objects)
    index.add({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid: `${namespace}/${name}`, labels } });
  return index as unknown as Cache<KubernetesObject>;
}
const names = (objects: KubernetesObject[]) => objects.map(({ metadata }) => metadata.name).sort();

test('all that a selector wants must hold, in its namespace', () => {
  const cache = holding(
    ['a', 'both', { app: 'web', tier: 'front' }],
    ['a', 'one', { app: 'web' }],
    ['a', 'other', { app: 'db', tier: 'front' }],
    ['b', 'elsewhere', { app: 'web', tier: 'front' }],
  );
  const expression = { key: 'tier', operator: 'Exists' };
  assert.deepEqual(names(selected(cache, 'a', { matchLabels: { app: 'web' } })), ['both', 'one']);
  assert.deepEqual(names(selected(cache, 'a', { matchLabels: { app: 'web', tier: 'front' } })), ['both']);
  assert.deepEqual(names(selected(cache, 'a', { matchLabels: { app: 'web' }, matchExpressions: [expression] })), [
    'both',
  ]);
  assert.deepEqual(names(selected(cache, 'a', { matchExpressions: [expression] })), ['both', 'other']);
  const oneValue = { key: 'tier', operator: 'In', values: ['front'] };
  assert.deepEqual(names(selected(cache, 'a', { matchExpressions: [oneValue] })), ['both', 'other']);
  assert.deepEqual(names(selected(cache, 'a', {})), ['both', 'one', 'other']);
  assert.deepEqual(names(selected(cache, 'a', undefined)), []);
});

test('a label is looked for whether it is indexed or one too many', () => {
  const labels = Array.from({ length: indexedLabelsMax + 1 }, (_, index) => `label-${index}`);
  const cache = holding(['a', 'all', Object.fromEntries(labels.map((label) => [label, 'x']))], ['a', 'none', {}]);
  const gone: (string | undefined)[] = [];
  const list = (namespace?: string) => {
    gone.push(namespace);
    return cache.list(namespace);
  };
  const counting = { ...cache, list };
  for (const label of labels)
    assert.deepEqual(names(selected(counting, 'a', { matchLabels: { [label]: 'x' } })), ['all']);
  assert.ok(gone.length >= 1, 'no index more is made');
  assert.deepEqual(names(selected(cache, 'a', { matchLabels: { [labels[0]!]: 'y' } })), []);
});
