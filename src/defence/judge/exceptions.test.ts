import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../contract.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { clusterExceptions } from './exceptions.ts';

const nowMs = Date.parse('2026-12-01');

const exception = (namespace: string, object: object): Manifest => ({
  apiVersion: 'defence.rempart.io/v1alpha1',
  kind: 'Exception',
  metadata: { name: 'e', namespace },
  spec: { check: 'image-tag', object, reason: 'a test', owner: 'web@example.org', expires: '2027-01-01' },
});

const read = (...objects: Manifest[]) =>
  clusterExceptions(
    createSnapshot({
      ...{ source: 'cluster', closedByDefault: false, takenAtMs: nowMs, minor: 36, unread: [] },
      objects,
    }),
    nowMs,
  );

test('objects of kind Exception count where they are served, each for its own namespace', () => {
  const { found, invalid } = read(exception('shop', { kind: 'Pod', name: 'web' }));
  assert.deepEqual(invalid, []);
  assert.deepEqual(found[0]?.object, { kind: 'Pod', namespace: 'shop', name: 'web' });
  assert.equal(found[0]?.from, 'Exception shop/e');
});

test('only kube-system excuses what is not of one namespace, and a namespace never itself', () => {
  const role = { kind: 'ClusterRole', name: 'operator' };
  assert.equal(read(exception('kube-system', role)).found[0]?.object.namespace, '');
  assert.equal(read(exception('kube-system', { kind: 'Namespace', name: 'shop' })).found.length, 1);
  assert.match(read(exception('shop', { kind: 'Namespace', name: 'shop' })).invalid[0]!.why, /belong in kube-system/);
  // It names an object of the namespace, of which there is none: nothing is excused.
  assert.equal(read(exception('shop', role)).found[0]?.object.namespace, 'shop');
});

test('what is no exception at all is told, and there is an end to how many', () => {
  assert.match(read({ ...exception('shop', {}), spec: null }).invalid[0]!.why, /spec\.object needs kind and name/);
  const many = read(...Array.from({ length: 10_001 }, () => exception('shop', { kind: 'Pod', name: 'web' })));
  assert.equal(many.found.length, 10_000);
  assert.match(many.invalid[0]!.why, /more than 10000 exceptions/);
});
