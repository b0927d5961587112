import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloadOf } from './workload.ts';

const ownedBy = (kind: string, name: string, labels: Record<string, string> = {}) =>
  workloadOf({ labels, ownerReferences: [{ apiVersion: 'v1', kind, name, uid: 'u', controller: true }] });

test('a pod belongs to what a person wrote, not to what a controller made in between', () => {
  assert.equal(ownedBy('ReplicaSet', 'web-5d4', { 'pod-template-hash': '5d4' }), 'Deployment/web');
  assert.equal(ownedBy('ReplicaSet', 'web'), 'ReplicaSet/web');
  assert.equal(ownedBy('StatefulSet', 'db'), 'StatefulSet/db');
  assert.equal(ownedBy('Job', 'backup-29381340'), 'CronJob/backup');
  assert.equal(ownedBy('Job', 'import'), 'Job/import');
  assert.equal(ownedBy('Node', 'n1'), undefined);
  assert.equal(workloadOf({}), undefined);
});
