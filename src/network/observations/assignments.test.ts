import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAssignments } from './assignments.ts';

const pod = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { namespace: 'shop', name, uid: name, labels: { app: name } },
});

test('an address is told by who had it at that time', () => {
  const assignments = createAssignments();
  const nameAt = (timeMs: number) => assignments.at('10.244.0.2', timeMs)?.name;
  assignments.assign('10.244.0.2', pod('one'), 10_000);
  assert.equal(nameAt(5000), undefined, 'before it was given to anybody');
  assert.equal(nameAt(20_000), 'one');
  assignments.release(pod('one'), 30_000);
  assert.deepEqual([nameAt(25_000), nameAt(40_000)], ['one', undefined]);
  assignments.assign('10.244.0.2', pod('two'), 50_000);
  assert.deepEqual([nameAt(25_000), nameAt(60_000)], ['one', 'two']);
  assignments.assign('10.244.0.2', pod('three'), 70_000);
  assert.deepEqual([nameAt(60_000), nameAt(80_000)], ['two', 'three'], 'taken over without a release');
});

test('a pod that is told again keeps when it got its address', () => {
  const assignments = createAssignments();
  assignments.assign('10.244.0.2', pod('one'), 10_000);
  assignments.assign(
    '10.244.0.2',
    { ...pod('one'), metadata: { ...pod('one').metadata, labels: { app: 'new' } } },
    60_000,
  );
  assert.deepEqual(assignments.at('10.244.0.2', 12_000)?.labels, { app: 'new' });
});
