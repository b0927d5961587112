import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schedule } from './schedule.ts';
import { createWorld, type World } from './snapshot.ts';
import { buildInfo, buildNode } from './testing/builders.ts';

const zone = 'topology.kubernetes.io/zone';
const web = { labels: { app: 'web' } };

/** Pods with a label `app` are siblings of those with the same one. The last node has a quarter taken by others. */
function world(zones: Record<string, string | undefined>): World {
  const siblings = ({ labels }: { labels: Record<string, string> }) =>
    labels['app'] === undefined ? undefined : { matchLabels: { app: labels['app'] } };
  const made = createWorld({ siblings });
  for (const [name, value] of Object.entries(zones))
    made.setNode(buildNode(name, { labels: value === undefined ? {} : { [zone]: value } }));
  const busy = { requests: { cpu: '1', memory: '2Gi' }, nodeName: Object.keys(zones).at(-1)! };
  made.place(buildInfo('busy', busy));
  return made;
}
const chosen = (made: World, pod = buildInfo('new', web)) => schedule(pod, made).node?.name;

test('pods that ask for nothing keep away from the nodes of their siblings', () => {
  const made = world({ n1: undefined, n2: undefined });
  assert.equal(chosen(made), 'n1');
  made.place(buildInfo('first', { ...web, nodeName: 'n1' }));
  assert.equal(chosen(made), 'n2');
  assert.equal(chosen(made, buildInfo('stranger', { labels: { app: 'other' } })), 'n1');
  assert.equal(chosen(made, buildInfo('alone')), 'n1');
  made.unplace('uid-default-first');
  assert.equal(chosen(made), 'n1');
});

test('and from their zones, where there are any', () => {
  const made = world({ a1: 'a', a2: 'a', b1: 'b' });
  made.place(buildInfo('first', { ...web, nodeName: 'a1' }));
  assert.equal(chosen(made), 'b1');
  const unzoned = world({ a1: undefined, a2: undefined, b1: undefined });
  unzoned.place(buildInfo('first', { ...web, nodeName: 'a1' }));
  assert.equal(chosen(unzoned), 'a2');
});

test('a node without a zone is spread over all the same', () => {
  const made = world({ a1: 'a', n1: undefined, n2: undefined });
  made.place(buildInfo('first', { ...web, nodeName: 'a1' }));
  made.place(buildInfo('second', { ...web, nodeName: 'n1' }));
  assert.equal(chosen(made), 'n2');
});

test('a constraint of their own, of whatever it speaks, takes the place of the default ones', () => {
  const made = world({ n1: undefined, n2: undefined });
  made.place(buildInfo('first', { ...web, nodeName: 'n1' }));
  const own = { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'ScheduleAnyway' };
  assert.equal(chosen(made, buildInfo('new', { ...web, topologySpreadConstraints: [own] })), 'n1');
});

test('nothing is counted where one node is left', () => {
  const made = world({ n1: undefined, n2: undefined });
  const uncounted = { ...made, topology: { ...made.topology, count: () => assert.fail('counted') } };
  const bound = buildInfo('new', { ...web, nodeSelector: { 'kubernetes.io/hostname': 'n2' } });
  assert.equal(schedule(bound, uncounted).node?.name, 'n2');
  assert.throws(() => schedule(buildInfo('new', web), uncounted), /counted/);
});
