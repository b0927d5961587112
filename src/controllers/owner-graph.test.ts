import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, OwnerReference } from '../api/object.ts';
import { createOwnerGraph } from './owner-graph.ts';

const owner = (uid: string): OwnerReference => ({ apiVersion: 'v1', kind: 'X', name: uid, uid });
const object = (uid: string, owners: string[] = [], extra: Partial<KubernetesObject['metadata']> = {}) =>
  ({
    ...{ apiVersion: 'v1', kind: 'X' },
    metadata: { name: uid, uid, namespace: 'a', ownerReferences: owners.map(owner), ...extra },
  }) as KubernetesObject;

function start(...objects: KubernetesObject[]) {
  const work: string[] = [];
  const graph = createOwnerGraph(({ name }) => work.push(name));
  graph.replace('xs', objects);
  const before = [...work];
  graph.completed();
  return { graph, work, before };
}

test('nothing is missing before everything has been seen', () => {
  const { before, work } = start(object('child', ['lost']), object('fine', ['parent']), object('parent'));
  assert.deepEqual([before, work], [[], ['child']]);
});

test('an owner in another namespace is none; one without a namespace is one for all', () => {
  const { work } = start(
    object('child', ['parent']),
    object('parent', [], { namespace: 'b' }),
    object('other', ['node']),
    object('node', [], { namespace: undefined }),
  );
  assert.deepEqual(work, ['child']);
});

test('when an owner goes its dependents are looked at, and the owner when its last dependent has gone', () => {
  const { graph, work } = start(object('parent'), object('child', ['parent']));
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  graph.apply('xs', {
    type: 'MODIFIED',
    object: object('parent', [], { deletionTimestamp, finalizers: ['foregroundDeletion'] }),
  });
  assert.deepEqual(work, ['parent', 'child']);
  graph.apply('xs', { type: 'DELETED', object: object('child', ['parent']) });
  assert.deepEqual(work, ['parent', 'child', 'parent']);
  assert.equal(graph.dependentsOf('parent').length, 0);
});

test('objects that a new list no longer has are gone', () => {
  const { graph, work } = start(object('parent'), object('child', ['parent']));
  graph.replace('xs', [object('child', ['parent'])]);
  assert.deepEqual(work.filter((name) => name === 'child').length > 0, true);
  assert.equal(graph.node('parent'), undefined);
});
