import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../api/schema/types.d.ts';
import { createZones } from './zone-disruption.ts';

const node = (ready: boolean, zone = 'a'): Node => ({
  ...{ apiVersion: 'v1', kind: 'Node' },
  metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': zone } },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
});

/** A zone with nodes `1`, `2`, … of which the first are not ready, some time after all that was heard of. */
function zoneOf(size: number, unready: number) {
  const zones = createZones();
  for (let n = 1; n <= size; n++) zones.note(`${n}`, node(true), 0);
  for (let n = 1; n <= unready; n++) zones.note(`${n}`, node(false), 0);
  return zones;
}
const later = 1_000_000;

test('pods of one node are sent away every ten seconds, in each zone', () => {
  const zones = zoneOf(9, 3);
  zones.note('b1', node(true, 'b'), 0);
  zones.note('b2', node(false, 'b'), 0);
  assert.equal(zones.takeTurn('1', later), 0);
  assert.equal(zones.takeTurn('1', later), 0, 'who has the turn keeps it: a write that failed is tried again');
  assert.equal(zones.takeTurn('2', later), 10_000);
  assert.equal(zones.takeTurn('1', later + 9999), 0);
  assert.equal(zones.takeTurn('2', later + 9999), 1);
  assert.equal(zones.takeTurn('b2', later), 0);
  assert.equal(zones.takeTurn('3', later + 10_000), 0);
  assert.equal(zones.takeTurn('2', later + 10_000), 10_000);
});

test('where 55 % of a zone are not ready, three at least, nobody is sent away: it is likely the way to them', () => {
  const first = (size: number, unready: number) => zoneOf(size, unready).takeTurn('1', later);
  assert.equal(first(20, 10), 0);
  assert.equal(first(20, 11), Infinity);
  assert.equal(first(3, 2), 0);
  assert.equal(first(5, 3), Infinity);
  const zones = zoneOf(5, 2);
  assert.equal(zones.takeTurn('1', later), 0);
  zones.note('3', node(false), later);
  assert.equal(zones.takeTurn('1', later + 10_000), Infinity, 'a turn does not last');
});

test('in such a zone of more than 50 nodes it goes on, ten times as slowly', () => {
  assert.equal(zoneOf(50, 28).takeTurn('1', later), Infinity);
  const large = zoneOf(51, 29);
  assert.equal(large.takeTurn('1', later), 0);
  assert.equal(large.takeTurn('2', later), 100_000);
  assert.equal(large.takeTurn('2', later + 100_000), 0);
});

test('a zone that is lost as a whole is left at the usual pace for others, but where nobody is ready nobody moves', () => {
  const zones = zoneOf(4, 4);
  assert.equal(zones.areAllDown(), true);
  assert.equal(zones.takeTurn('1', later), Infinity);
  zones.note('b1', node(true, 'b'), later);
  assert.equal(zones.areAllDown(), false);
  assert.equal(zones.takeTurn('1', later), 10_000, 'others may be heard of again, too');
  assert.equal(zones.takeTurn('1', later + 10_000), 0);
});

test('whose turn comes at another time is told: when the pace of the zone changes, or the first or last node is ready', () => {
  const zones = zoneOf(5, 2);
  assert.deepEqual(zones.note('3', node(false), 0), ['1', '2', '3'], 'the zone is disrupted');
  assert.deepEqual(zones.note('3', node(false), 0), [], 'nothing new');
  assert.deepEqual(zones.note('3', undefined, 0), ['1', '2'], 'two of four are not ready');
  assert.deepEqual(zones.note('b1', node(false, 'b'), 0), []);
  assert.deepEqual(zones.note('4', undefined, 0), []);
  assert.deepEqual(zones.note('5', undefined, 0), ['1', '2', 'b1'], 'nobody is ready');
  assert.deepEqual(zones.note('b1', node(true, 'b'), 0), ['1', '2']);
});

test('a node that moves to another zone counts there', () => {
  const zones = zoneOf(5, 3);
  zones.note('1', node(false, 'b'), 0);
  assert.equal(zones.takeTurn('2', later), 0);
  assert.equal(zones.takeTurn('1', later), 0);
});
