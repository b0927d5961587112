import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../contract.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { clusterExceptions, unusedText } from './exceptions.ts';

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

test('the last day is one that there is', () => {
  const until = (expires: string) => {
    const written = exception('shop', { kind: 'Pod', name: 'web' });
    return read({ ...written, spec: { ...written['spec'], expires } });
  };
  assert.equal(until('2028-02-29').found.length, 1);
  for (const wrong of ['2027-02-29', '2027-02-30', '2027-13-01', '27-01-01', 'tomorrow', '2027-01-01T00:00:00Z'])
    assert.match(until(wrong).invalid[0]!.why, /spec\.expires is a day such as/, wrong);
});

test('what could have meant less than it says counts for nothing', () => {
  const spec = (fields: object) => {
    const written = exception('shop', { kind: 'Pod', name: 'web' });
    return read({ ...written, spec: { ...written['spec'], ...fields } });
  };
  assert.equal(spec({ field: 'spec.containers[0]' }).found[0]?.field, 'spec.containers[0]');
  for (const field of [0, null, ['spec'], ''])
    assert.match(spec({ field }).invalid[0]!.why, /needs spec\.field/, JSON.stringify(field));
  assert.match(spec({ feild: 'spec' }).invalid[0]!.why, /spec\.feild is none of check, object, field/);
  assert.match(spec({ object: { kind: 'Pod', name: 'web', namespace: 1 } }).invalid[0]!.why, /namespace is a text/);
});

test('one that excuses nothing says whether there is such a check', () => {
  assert.equal(unusedText({ check: 'image-tag' }), '(nothing it names was found)');
  assert.match(unusedText({ check: 'image/tag' }), /there is no check "image\/tag"/);
});

test('what is no exception at all is told, and there is an end to how many', () => {
  assert.match(read({ ...exception('shop', {}), spec: null }).invalid[0]!.why, /spec\.object needs kind and name/);
  const many = read(...Array.from({ length: 10_001 }, () => exception('shop', { kind: 'Pod', name: 'web' })));
  assert.equal(many.found.length, 10_000);
  assert.match(many.invalid[0]!.why, /more than 10000 exceptions/);
});
