import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from './schema/types.d.ts';
import { volumesFor } from './volume-match.ts';

const accessModes = ['ReadWriteOnce'];
const wanted: PersistentVolumeClaim = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  metadata: { name: 'data', namespace: 'default', uid: 'u1' },
  spec: { storageClassName: 'manual', accessModes, resources: { requests: { storage: '1Gi' } } },
};
const volume = (name: string, storage: string, spec: object = {}, more: object = {}): PersistentVolume => ({
  ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } },
  spec: { capacity: { storage }, accessModes, storageClassName: 'manual', ...spec },
  ...more,
});
const find = (...volumes: PersistentVolume[]) => volumesFor(wanted, volumes).map(({ metadata }) => metadata.name);
const place = (name: string, uid?: string) => ({ claimRef: { namespace: 'default', name, uid } });

test('what suits a claim: free ones of its class, with its modes, large enough, the smallest first', () => {
  assert.deepEqual(find(volume('a', '5Gi'), volume('b', '1Gi'), volume('c', '1023Mi')), ['b', 'a']);
  assert.deepEqual(find(volume('a', '1Gi', { accessModes: ['ReadOnlyMany'] })), []);
  assert.deepEqual(find(volume('a', '1Gi', { storageClassName: 'other' })), []);
  assert.deepEqual(find(volume('a', '1Gi', { volumeMode: 'Block' })), []);
  assert.deepEqual(find(volume('a', '1Gi', place('other'))), []);
  assert.deepEqual(find(volume('a', '1Gi', {}, { status: { phase: 'Released' } })), []);
  const metadata = { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' };
  assert.deepEqual(find(volume('a', '1Gi', {}, { metadata })), []);
});

test('a selector chooses among free volumes', () => {
  const selecting = { ...wanted, spec: { ...wanted.spec, selector: { matchLabels: { disk: 'ssd' } } } };
  const disk = (value: string) => volume(value, '1Gi', {}, { metadata: { name: value, labels: { disk: value } } });
  assert.deepEqual(volumesFor(selecting, [disk('hdd'), disk('ssd')]), [disk('ssd')]);
});

test('a reservation wins over whatever is free, but makes no volume larger', () => {
  const free = volume('free', '1Gi');
  const reserved = (size: string, more: object = {}, uid?: string) =>
    volume('reserved', size, { ...place('data', uid), ...more });
  assert.deepEqual(find(free, reserved('5Gi', { storageClassName: 'other' })), ['reserved']);
  assert.deepEqual(find(free, reserved('5Gi', {}, 'u1')), ['reserved']);
  assert.deepEqual(find(free, reserved('5Gi', {}, 'of one that is gone')), ['free']);
  assert.deepEqual(find(free, reserved('1023Mi')), ['free']);
  assert.deepEqual(find(free, reserved('1Gi', { volumeMode: 'Block' })), ['free']);
});
