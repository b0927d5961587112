import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/schema/types.d.ts';
import { claim, place, volume } from './testing/volumes.ts';
import { findVolume } from './volume-match.ts';

test('what suits a claim: class, modes, size, selector, node; a reservation wins', () => {
  const wanted = claim('data', 'manual') as PersistentVolumeClaim;
  const find = (...volumes: object[]) => findVolume(wanted, volumes as PersistentVolume[], undefined)?.metadata.name;
  assert.equal(find(volume('a', '1Gi', { accessModes: ['ReadOnlyMany'] })), undefined);
  assert.equal(find(volume('a', '1Gi', { storageClassName: 'other' })), undefined);
  assert.equal(find(volume('a', '1Gi', { volumeMode: 'Block' })), undefined);
  assert.equal(find(volume('a', '1023Mi')), undefined);
  assert.equal(find(volume('a', '1Gi', { claimRef: place('other') })), undefined);
  assert.equal(find(volume('a', '1Gi'), volume('b', '5Gi', { claimRef: place('data') })), 'b');
  const reserved = (size: string, extra: object = {}) => volume('a', size, { claimRef: place('data'), ...extra });
  assert.equal(find(reserved('1023Mi'), volume('b', '5Gi')), 'b', 'a reservation makes no volume larger');
  assert.equal(find(reserved('1Gi', { volumeMode: 'Block' })), undefined);
  const required = {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
  };
  const local = volume('a', '1Gi', { nodeAffinity: { required } }) as PersistentVolume;
  const node = (name: string) => ({ metadata: { name } }) as Node;
  assert.equal(findVolume(wanted, [local], node('n1')), local);
  assert.equal(findVolume(wanted, [local], node('n2')), undefined);
});
