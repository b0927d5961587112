import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from '../../test/property.ts';
import type { Node, Pod } from '../api/schema/types.d.ts';
import { parsePod } from './pod-info.ts';
import { nodesToScore, schedule } from './schedule.ts';
import { buildInfo, buildNode, buildPod, buildWorld } from './testing/builders.ts';
import { choices, twoZones } from './testing/choices.ts';

describe('resources', () => {
  test('requests must fit into what is left, each resource by itself', () => {
    const world = buildWorld(
      [buildNode('n1'), buildNode('n2', { allocatable: { cpu: '1' } })],
      [buildPod('p', { nodeName: 'n1', requests: { memory: '7Gi' } })],
    );
    assert.deepEqual(choices(buildInfo('x', { requests: { cpu: '2' } }), world).fit, ['n1']);
    assert.deepEqual(choices(buildInfo('x', { requests: { memory: '2Gi' } }), world).fit, ['n2']);
    assert.deepEqual(choices(buildInfo('x', { requests: { cpu: '2', memory: '2Gi' } }), world), {
      fit: [],
      reasons: ['Insufficient cpu', 'Insufficient memory'],
    });
  });
  test('the number of pods, ephemeral storage and extended resources count too', () => {
    const gpu = { 'example.com/gpu': '2' };
    const world = buildWorld(
      [buildNode('n1', { allocatable: { pods: '1' } }), buildNode('n2', { allocatable: gpu })],
      [
        buildPod('p', { nodeName: 'n1' }),
        buildPod('q', { nodeName: 'n2', requests: { 'example.com/gpu': '1', 'ephemeral-storage': '60Gi' } }),
      ],
    );
    assert.deepEqual(choices(buildInfo('x'), world), { fit: ['n2'], reasons: ['Too many pods'] });
    assert.deepEqual(choices(buildInfo('x', { requests: { 'example.com/gpu': '1' } }), world).fit, ['n2']);
    assert.deepEqual(choices(buildInfo('x', { requests: gpu }), world).fit, []);
    assert.deepEqual(choices(buildInfo('x', { requests: { 'ephemeral-storage': '50Gi' } }), world).fit, []);
  });
  test('init containers count by their largest moment, sidecars all along', () => {
    const container = (cpu: string, restartPolicy?: string) => ({
      name: `c${cpu}`,
      image: 'app',
      restartPolicy,
      resources: { requests: { cpu } },
    });
    const needs = (...initContainers: object[]) =>
      parsePod(buildPod('x', { requests: { cpu: '2' }, initContainers: initContainers as any })).requests.cpuMilli;
    assert.equal(needs(container('1')), 2000);
    assert.equal(needs(container('3')), 3000);
    assert.equal(needs(container('1', 'Always')), 3000);
    assert.equal(needs(container('1', 'Always'), container('2500m')), 3500);
  });
  test('the emptier node is preferred, and cpu and memory are kept in balance', () => {
    const world = buildWorld(
      [buildNode('full'), buildNode('empty')],
      [buildPod('p', { nodeName: 'full', requests: { cpu: '2', memory: '4Gi' } })],
    );
    assert.equal(schedule(buildInfo('x', { requests: { cpu: '1', memory: '2Gi' } }), world).node?.name, 'empty');
  });
});

describe('nodes', () => {
  test('none has the devices of a resource claim', () => {
    const world = buildWorld([buildNode('n1')]);
    assert.deepEqual(choices(buildInfo('x', { resourceClaims: [{ name: 'gpu' }] }), world), {
      fit: [],
      reasons: ['node(s) had none of the devices that spec.resourceClaims asks for'],
    });
    assert.deepEqual(choices(buildInfo('x', { resourceClaims: [] }), world).fit, ['n1']);
  });
  test('cordoned nodes are left out', () => {
    const world = buildWorld([buildNode('n1', { unschedulable: true }), buildNode('n2')]);
    assert.deepEqual(choices(buildInfo('x'), world), { fit: ['n2'], reasons: ['node(s) were unschedulable'] });
  });
  test('taints keep out who does not tolerate them; soft ones only rank', () => {
    const world = buildWorld([
      buildNode('n1', { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] }),
      buildNode('n2', { taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] }),
      buildNode('n3'),
    ]);
    assert.deepEqual(choices(buildInfo('x'), world), {
      fit: ['n2', 'n3'],
      reasons: ['node(s) had untolerated taint {dedicated: db}'],
    });
    assert.equal(schedule(buildInfo('x'), world).node?.name, 'n3');
    const tolerations = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }];
    assert.deepEqual(choices(buildInfo('x', { tolerations }), world).fit, ['n1', 'n2', 'n3']);
    const other = [{ key: 'dedicated', value: 'web', effect: 'NoSchedule' }];
    assert.deepEqual(choices(buildInfo('x', { tolerations: other }), world).fit, ['n2', 'n3']);
    assert.deepEqual(choices(buildInfo('x', { tolerations: [{ operator: 'Exists' }] }), world).fit.length, 3);
  });
  test('a node selector and required affinity must both match; terms are alternatives', () => {
    const world = buildWorld(twoZones());
    assert.deepEqual(choices(buildInfo('x', { nodeSelector: { zone: 'b' } }), world).fit, ['b1']);
    const affinityTo = (...nodeSelectorTerms: object[]) => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: nodeSelectorTerms as any },
        },
      },
    });
    const inZone = (zone: string) => ({ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] });
    const named = (name: string) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] });
    assert.deepEqual(choices(buildInfo('x', affinityTo(inZone('b'), named('a1'))), world).fit, ['a1', 'b1']);
    assert.deepEqual(schedule(buildInfo('x', affinityTo(named('a2'))), world).node?.name, 'a2');
    assert.deepEqual(choices(buildInfo('x', affinityTo({})), world).fit, []);
    assert.deepEqual(choices(buildInfo('x', { nodeSelector: { zone: 'a' }, ...affinityTo(inZone('b')) }), world), {
      fit: [],
      reasons: ["node(s) didn't match Pod's node affinity/selector"],
    });
  });
  test('preferred affinity ranks', () => {
    const preference = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] };
    const affinity = {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, preference }] },
    };
    assert.equal(schedule(buildInfo('x', { affinity }), buildWorld(twoZones())).node?.name, 'b1');
  });
  test('a host port is given once per node', () => {
    const world = buildWorld([buildNode('n1'), buildNode('n2')], [buildPod('p', { nodeName: 'n1', hostPort: 80 })]);
    assert.deepEqual(choices(buildInfo('x', { hostPort: 80 }), world).fit, ['n2']);
    assert.deepEqual(choices(buildInfo('x', { hostPort: 81 }), world).fit, ['n1', 'n2']);
  });
});

const near = (app: string, topologyKey: string, more: object = {}) => [
  { topologyKey, labelSelector: { matchLabels: { app } }, ...more },
];
const required = (kind: 'podAffinity' | 'podAntiAffinity', terms: object[]) => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } } as any,
});

describe('pods among pods', () => {
  const web = buildPod('web', { nodeName: 'a1', labels: { app: 'web' } });

  test('affinity follows the domain of the pods it means', () => {
    const world = buildWorld(twoZones(), [web]);
    assert.deepEqual(choices(buildInfo('x', required('podAffinity', near('web', 'zone'))), world).fit, ['a1', 'a2']);
    assert.deepEqual(choices(buildInfo('x', required('podAffinity', near('db', 'zone'))), world), {
      fit: [],
      reasons: ["node(s) didn't match pod affinity rules"],
    });
  });
  test('the first of a group that wants to be together may start it', () => {
    const pod = buildInfo('x', { labels: { app: 'db' }, ...required('podAffinity', near('db', 'zone')) });
    assert.equal(choices(pod, buildWorld(twoZones(), [web])).fit.length, 3);
  });
  test('anti-affinity holds for the newcomer and for those that are there', () => {
    const apart = required('podAntiAffinity', near('web', 'zone'));
    assert.deepEqual(choices(buildInfo('x', apart), buildWorld(twoZones(), [web])).fit, ['b1']);
    const loner = buildPod('loner', { nodeName: 'b1', ...apart });
    assert.deepEqual(choices(buildInfo('x', { labels: { app: 'web' } }), buildWorld(twoZones(), [loner])), {
      fit: ['a1', 'a2'],
      reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
    });
  });
  test('terms mean the own namespace unless they say otherwise', () => {
    const other = { ...buildPod('web', { nodeName: 'a1', namespace: 'shop', labels: { app: 'web' } }) };
    const world = buildWorld(twoZones(), [other]);
    const fit = (more: object) =>
      choices(buildInfo('x', required('podAntiAffinity', near('web', 'zone', more))), world).fit.length;
    assert.equal(fit({}), 3);
    assert.equal(fit({ namespaces: ['shop'] }), 1);
    assert.equal(fit({ namespaceSelector: {} }), 1);
    assert.equal(fit({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'else' } } }), 3);
  });
  test('preferred terms rank, for and against', () => {
    const preferring = (kind: string) => ({
      affinity: {
        [kind]: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, podAffinityTerm: near('web', 'kubernetes.io/hostname')[0] },
          ],
        },
      } as any,
    });
    const world = buildWorld(twoZones(), [web]);
    assert.equal(schedule(buildInfo('x', preferring('podAffinity')), world).node?.name, 'a1');
    assert.notEqual(schedule(buildInfo('x', preferring('podAntiAffinity')), world).node?.name, 'a1');
  });
  test('hard spreading bounds the skew over domains, soft spreading prefers the emptier one', () => {
    const spread = (whenUnsatisfiable: string, more: object = {}) => ({
      labels: { app: 'web' },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable, labelSelector: { matchLabels: { app: 'web' } }, ...more },
      ],
    });
    const world = buildWorld(twoZones(), [web]);
    const hard = (more: object = {}) => {
      const result: string[] = [];
      for (const node of world.nodes) {
        const placed = schedule(buildInfo('x', { ...spread('DoNotSchedule', more), nodeName: node.name }), world);
        if (placed.node) result.push(node.name);
      }
      return result;
    };
    assert.deepEqual(hard(), ['b1']);
    assert.deepEqual(hard({ maxSkew: 2 }), ['a1', 'a2', 'b1']);
    assert.deepEqual(hard({ minDomains: 3 }), ['b1']);
    assert.deepEqual(hard({ topologyKey: 'rack' }), []);
    assert.equal(schedule(buildInfo('x', spread('ScheduleAnyway')), world).node?.name, 'b1');
  });
});

test('in large clusters only a part of the nodes is scored', () => {
  assert.deepEqual([1, 100, 500, 5000].map(nodesToScore), [100, 100, 200, 200]);
  const nodes = Array.from({ length: 1000 }, (_, index) => buildNode(`n${index}`));
  const result = schedule(buildInfo('x'), buildWorld(nodes), { startIndex: 900 });
  assert.ok(result.node && result.feasible === 200 && result.visited === 200);
});

describe('any cluster', () => {
  const cpu = fc.constantFrom('0', '500m', '1', '1500m', '3');
  const zone = fc.constantFrom('a', 'b');
  const anyNode = fc.record({ cpu: fc.constantFrom('1', '2', '4'), zone, tainted: fc.boolean(), pods: fc.nat(4) });
  const anyPod = fc.record({ cpu, zone: fc.option(zone), tolerates: fc.boolean(), port: fc.option(fc.constant(80)) });

  const toNode = (it: { cpu: string; zone: string; tainted: boolean; pods: number }, index: number): Node =>
    buildNode(`n${index}`, {
      labels: { zone: it.zone },
      allocatable: { cpu: it.cpu, pods: `${it.pods}` },
      taints: it.tainted ? [{ key: 't', effect: 'NoSchedule' }] : [],
    });
  type AnyPod = { cpu: string; zone: string | null; tolerates: boolean; port: number | null };
  const toPod = (it: AnyPod, index: number): Pod =>
    buildPod(`p${index}`, {
      requests: { cpu: it.cpu },
      nodeSelector: it.zone ? { zone: it.zone } : undefined,
      tolerations: it.tolerates ? [{ operator: 'Exists' }] : [],
      hostPort: it.port ?? undefined,
    });
  const milli = (quantity: string) =>
    quantity.endsWith('m') ? Number.parseInt(quantity, 10) : Number(quantity) * 1000;

  test('a pod is placed where the obvious check allows it, and refused only where that allows nothing', () => {
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 5 }), fc.array(anyPod, { maxLength: 12 }), (nodes, pods) => {
        const world = buildWorld(nodes.map(toNode));
        const on: AnyPod[][] = nodes.map(() => []);
        const fits = (pod: AnyPod, index: number) => {
          const node = nodes[index]!;
          const used = on[index]!.reduce((sum, other) => sum + milli(other.cpu), milli(pod.cpu));
          return (
            (milli(pod.cpu) === 0 || used <= milli(node.cpu)) &&
            on[index]!.length < node.pods &&
            (pod.zone === null || pod.zone === node.zone) &&
            (!node.tainted || pod.tolerates) &&
            (pod.port === null || on[index]!.every(({ port }) => port === null))
          );
        };
        for (const [number, pod] of pods.entries()) {
          const info = parsePod(toPod(pod, number));
          const result = schedule(info, world);
          const possible = nodes.map((_, index) => index).filter((index) => fits(pod, index));
          if (result.node === undefined) {
            assert.deepEqual(possible, []);
            continue;
          }
          const index = Number(result.node.name.slice(1));
          assert.ok(possible.includes(index), `p${number} does not fit on n${index}`);
          on[index]!.push(pod);
          info.nodeName = result.node.name;
          world.place(info);
        }
      }),
    );
  });

  test('sums on nodes are what is placed, after any sequence of placing, moving and removing', () => {
    const change = fc.record({ pod: fc.nat(5), node: fc.nat(3), cpu, gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const world = buildWorld([0, 1, 2].map((index) => buildNode(`n${index}`)));
        const placed = new Map<number, { node: number; cpu: string }>();
        for (const { pod, node, cpu, gone } of changes) {
          if (gone) world.unplace(`uid-default-p${pod}`);
          else world.place(buildInfo(`p${pod}`, { nodeName: `n${node}`, requests: { cpu } }));
          if (gone) placed.delete(pod);
          else placed.set(pod, { node, cpu });
          // A node that appears late finds its pods.
          if (changes.length > 5 && node === 3 && world.node('n3') === undefined) world.setNode(buildNode('n3'));
        }
        for (const { name, requested } of world.nodes) {
          const own = [...placed.values()].filter(({ node }) => `n${node}` === name);
          assert.equal(requested.pods, own.length);
          assert.equal(
            requested.cpuMilli,
            own.reduce((sum, { cpu }) => sum + milli(cpu), 0),
          );
        }
      }),
    );
  });
});
