import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../api/schema/types.d.ts';
import type { PodInfo } from './pod-info.ts';
import { type Budget, preempt } from './preempt.ts';
import { schedule } from './schedule.ts';
import { buildInfo, buildNode, buildPod, buildWorld } from './testing/builders.ts';

const running = (name: string, nodeName: string, cpu: string, priority = 0): Pod =>
  buildPod(name, { nodeName, requests: { cpu }, priority, labels: { name } });

function tryPreempt(pod: PodInfo, pods: Pod[], budgets: Budget[] = [], nodes = [buildNode('n1'), buildNode('n2')]) {
  const world = buildWorld(nodes, pods);
  const result = schedule(pod, world);
  assert.equal(result.node, undefined, 'the pod should not fit before');
  const found = preempt(pod, world, result as any, budgets);
  if (found.node === undefined) return { none: found.why ?? Object.fromEntries(found.reasons) };
  return { node: found.node.name, victims: found.victims.map(({ name }) => name).sort() };
}
const important = (cpu: string, more = {}) => buildInfo('x', { requests: { cpu }, priority: 100, ...more });

test('no more pods have to leave than necessary, and the less important ones first', () => {
  const pods = [running('a', 'n1', '1', 5), running('b', 'n1', '1', 1), running('c', 'n1', '2', 50)];
  const full = running('d', 'n2', '4', 100);
  assert.deepEqual(tryPreempt(important('1'), [...pods, full]), { node: 'n1', victims: ['b'] });
});

test('the node whose victims matter least is chosen', () => {
  const pods = [running('a', 'n1', '4', 5), running('b', 'n2', '4', 4)];
  assert.deepEqual(tryPreempt(important('1'), pods), { node: 'n2', victims: ['b'] });
});

test('disruption budgets are respected where that is possible, and broken where it is not', () => {
  const budget: Budget = { namespace: 'default', selector: { matchLabels: { name: 'b' } }, allowed: 0 };
  const pods = [running('a', 'n1', '4', 5), running('b', 'n2', '4', 4)];
  assert.deepEqual(tryPreempt(important('1'), pods, [budget]), { node: 'n1', victims: ['a'] });
  assert.deepEqual(tryPreempt(important('1'), [pods[1]!], [budget], [buildNode('n2')]), {
    node: 'n2',
    victims: ['b'],
  });
});

test('equals and betters are left alone, and it is said where nothing can help', () => {
  const pods = [running('a', 'n1', '4', 100)];
  const tainted = buildNode('n2', { taints: [{ key: 't', effect: 'NoSchedule' }] });
  assert.deepEqual(tryPreempt(important('1'), pods, [], [buildNode('n1'), tainted]), {
    none: {
      'No preemption victims found for incoming pod': 1,
      'Preemption is not helpful for scheduling': 1,
    },
  });
});

test('a pod that never preempts does not', () => {
  const pods = [running('a', 'n1', '4'), running('b', 'n2', '4')];
  assert.deepEqual(tryPreempt(important('1', { preemptionPolicy: 'Never' }), pods), {
    none: 'not eligible due to preemptionPolicy=Never.',
  });
});

test('pods whose anti-affinity is in the way can be victims', () => {
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } };
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const loner = buildPod('loner', { nodeName: 'n1', affinity });
  const pod = important('1', { labels: { app: 'x' } });
  assert.deepEqual(tryPreempt(pod, [loner], [], [buildNode('n1')]), { node: 'n1', victims: ['loner'] });
});

test('room that was made is kept for the pod it was made for', () => {
  const world = buildWorld([buildNode('n1')]);
  const first = important('4');
  world.nominate(first, 'n1');
  assert.equal(schedule(buildInfo('late', { requests: { cpu: '1' } }), world).node, undefined);
  assert.equal(schedule(first, world).node?.name, 'n1');
  assert.equal(schedule(buildInfo('more', { requests: { cpu: '1' }, priority: 200 }), world).node?.name, 'n1');
});

test('while a victim leaves the node that a pod was promised, no others are asked to', () => {
  const leaving = running('a', 'n1', '4', 5);
  const going = { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const world = buildWorld([buildNode('n1'), buildNode('n2')], [going, running('b', 'n2', '4', 4)]);
  const pod = important('1');
  world.nominate(pod, 'n1');
  const found = preempt(pod, world, schedule(pod, world) as any, []);
  assert.deepEqual(
    [found.node, 'why' in found && found.why],
    [undefined, 'not eligible due to a terminating pod on the nominated node.'],
  );
});
