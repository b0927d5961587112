import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../contract.ts';
import { oncePerKinds } from './once.ts';
import { createSnapshot, withChanges } from './snapshot.ts';

const object = (kind: string, name: string, namespace?: string): Manifest => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace ? { namespace } : {}) },
});
const parts = { source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36, unread: [] } as const;
const snapshotOf = (...objects: Manifest[]) => createSnapshot({ ...parts, unread: [], objects });
const pod = object('Pod', 'a', 'shop');
const [old, other] = [object('Secret', 's', 'shop'), object('Secret', 's', 'elsewhere')];

test('a change is in every way of asking, and only its own object makes room for it', () => {
  const before = snapshotOf(old, pod, other);
  const put = object('Secret', 's', 'shop');
  const after = withChanges(before, [{ put }, { remove: { kind: 'Pod', namespace: 'shop', name: 'gone' } }]);
  assert.deepEqual(
    [after.objects, after.of('Secret')],
    [
      [pod, other, put],
      [other, put],
    ],
  );
  assert.equal(after.get({ kind: 'Secret', namespace: 'shop', name: 's' }), put);
  assert.deepEqual(after.of('Secret', 'shop'), [put]);
  assert.equal(before.get({ kind: 'Secret', namespace: 'shop', name: 's' }), old);
  const removed = withChanges(after, [{ remove: { kind: 'Pod', namespace: 'shop', name: 'a' } }]);
  assert.deepEqual([removed.of('Pod'), removed.get({ kind: 'Pod', namespace: 'shop', name: 'a' })], [[], undefined]);
  assert.deepEqual(removed.objects, [other, put]);
});

test('what rests on other kinds than those of a change is derived once, and anew where it is about them', () => {
  let derived = 0;
  const podsOf = oncePerKinds(['Pod', 'Node'], (snapshot) => {
    derived++;
    return { names: snapshot.of('Pod').map(({ metadata }) => metadata.name) };
  });
  const before = snapshotOf(old, pod);
  const secrets = withChanges(before, [{ put: other }]);
  assert.equal(podsOf(secrets), podsOf(before));
  assert.equal(derived, 1);
  assert.deepEqual(podsOf(withChanges(secrets, [{ put: object('Pod', 'b', 'shop') }])).names, ['a', 'b']);
  assert.notEqual(podsOf(withChanges(secrets, [{ put: object('Node', 'n') }])), podsOf(secrets));
  assert.deepEqual(podsOf(snapshotOf(old)).names, []);
});
