import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../test/property.ts';
import type { Plugin } from './plugin.ts';
import { podAffinity } from './plugins/pod-affinity.ts';
import { topologySpread } from './plugins/topology-spread.ts';
import { type PodInfo, parsePod } from './pod-info.ts';
import { domainsMax, domainsPerQuestion } from './questions.ts';
import { schedule } from './schedule.ts';
import { createWorld, type Snapshot, type World, without } from './snapshot.ts';
import { buildInfo, buildNode, buildPod, buildWorld } from './testing/builders.ts';

const host = 'kubernetes.io/hostname';
const labelSelector = { matchLabels: { app: 'x' } };
const spread = (whenUnsatisfiable: string, topologyKey: string, more: object = {}) => ({
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable, labelSelector, ...more }],
});
const term = (topologyKey: string, more: object = {}) => ({ labelSelector, topologyKey, ...more });
const required = (kind: string, ...terms: object[]) => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const preferred = (kind: string, weight: number, podAffinityTerm: object) => ({
  affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm }] } },
});
const elsewhere = { namespaceSelector: { matchLabels: { team: 'one' } } };

const templates: Parameters<typeof buildInfo>[1][] = [
  {},
  spread('DoNotSchedule', host),
  spread('DoNotSchedule', 'zone', { minDomains: 3 }),
  { ...spread('DoNotSchedule', 'zone'), nodeSelector: { zone: 'a' } },
  { ...spread('ScheduleAnyway', 'zone', { nodeAffinityPolicy: 'Ignore' }), nodeSelector: { zone: 'a' } },
  spread('ScheduleAnyway', host, { nodeTaintsPolicy: 'Honor' }),
  required('podAffinity', term('zone')),
  required('podAffinity', term('zone'), term(host)),
  required('podAffinity', term('zone', elsewhere)),
  required('podAntiAffinity', term(host)),
  required('podAntiAffinity', term('zone', { namespaces: ['other'] })),
  required('podAntiAffinity', term('zone', elsewhere)),
  preferred('podAffinity', 5, term('zone')),
  preferred('podAntiAffinity', 7, term(host, elsewhere)),
];
/** Those that ask for nothing are spread by default. */
const siblings = ({ labels: { app } }: PodInfo) => (app === 'x' ? labelSelector : undefined);
const namespaces = ['default', 'other'];
const anyPod = fc.record({
  template: fc.nat(templates.length - 1),
  namespace: fc.constantFrom(...namespaces),
  app: fc.constantFrom('x', 'y'),
});
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('place' as const), pod: anyPod, node: fc.nat(5) }) },
  fc.record({ do: fc.constant('remove' as const), pod: fc.nat(20) }),
  fc.record({ do: fc.constant('delete' as const), pod: fc.nat(20) }),
  fc.record({
    do: fc.constant('set' as const),
    node: fc.nat(5),
    zone: fc.constantFrom('a', 'b', undefined),
    taint: fc.constantFrom(undefined, 'NoSchedule'),
  }),
  fc.record({ do: fc.constant('drop' as const), node: fc.nat(5) }),
  fc.record({ do: fc.constant('label' as const), team: fc.constantFrom('one', 'two') }),
);

/** What both plugins say of every node to each template. */
function opinions(snapshot: Snapshot): object {
  const said: Record<string, unknown> = {};
  for (const [index, template] of templates.entries()) {
    const pod = buildInfo('asking', { labels: { app: 'x' }, ...template });
    for (const plugin of [topologySpread, podAffinity]) {
      const prepared = (plugin as Plugin).prepare(pod, snapshot);
      if (prepared === undefined || 'refused' in prepared) continue;
      for (const node of snapshot.nodes) {
        const refusal = (plugin as Plugin).filter?.(prepared.state, pod, node)?.[0]?.reason;
        said[`${index} ${plugin.name} ${node.name}`] = [refusal, (plugin as Plugin).score?.(prepared.state, pod, node)];
      }
    }
  }
  return said;
}

test('what is kept current says the same as what is counted anew, whatever happens in between', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      let team = 'one';
      const namespaceLabels = (name: string): Record<string, string> => (name === 'other' ? { team } : {});
      const world = createWorld({ namespaceLabels, siblings });
      const pods = new Map<string, PodInfo>();
      let made = 0;
      for (const step of steps) {
        if (step.do === 'place') {
          const { template, namespace, app } = step.pod;
          const options = { ...templates[template], namespace, labels: { app }, nodeName: `n${step.node}` };
          const pod = parsePod(buildPod(`p${made++}`, options));
          pod.uid = `uid-${made - 1}`;
          pods.set(pod.uid, pod);
          world.place(pod);
        } else if (step.do === 'remove') {
          pods.delete(`uid-${step.pod}`);
          world.unplace(`uid-${step.pod}`);
        } else if (step.do === 'delete') {
          const old = pods.get(`uid-${step.pod}`);
          if (old === undefined) continue;
          const metadata = { ...old.pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
          const going = { ...old, pod: { ...old.pod, metadata } };
          pods.set(old.uid, going);
          world.place(going);
        } else if (step.do === 'set') {
          const taints = step.taint === undefined ? [] : [{ key: 't', effect: step.taint }];
          const labels: Record<string, string> =
            step.zone === undefined ? {} : { zone: step.zone, 'topology.kubernetes.io/zone': step.zone };
          world.setNode(buildNode(`n${step.node}`, { labels, taints }));
        } else if (step.do === 'drop') world.removeNode(`n${step.node}`);
        else {
          team = step.team;
          world.namespaceChanged();
        }
        const anew = (left: Iterable<PodInfo>) => {
          const fresh = createWorld({ namespaceLabels, siblings });
          for (const { node } of world.nodes) fresh.setNode(node);
          for (const pod of left) fresh.place(pod);
          return fresh;
        };
        assert.deepEqual(opinions(world), opinions(anew(pods.values())));
        for (const node of world.nodes.slice(0, 1)) {
          const gone = new Set([...node.pods.values()].slice(0, 2));
          const left = [...pods.values()].filter((pod) => !gone.has(pod));
          assert.deepEqual(opinions(without(world, node, gone).snapshot), opinions(anew(left)));
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('a heartbeat makes nothing be counted again, a node that comes does', () => {
  const world = buildWorld([buildNode('n1')]);
  let counted = 0;
  const question = { key: 'q', namespaces: undefined, domainOf: () => undefined };
  const ask = () => world.topology.count({ ...question, emptyDomainOf: () => String(counted++) });
  ask();
  assert.equal(counted, 1);
  world.setNode({ ...buildNode('n1'), status: { conditions: [] } });
  world.place(buildInfo('p', { nodeName: 'n1' }));
  assert.equal(ask().size(), 1);
  assert.equal(counted, 1);
  world.setNode(buildNode('n2'));
  assert.equal(ask().size(), 2);
});

/** Counts how often each question is counted anew. */
function asking(world: World) {
  const counted: string[] = [];
  const ask = (key: string) =>
    world.topology.count({
      ...{ key, namespaces: undefined, domainOf: () => undefined },
      emptyDomainOf: () => `${counted.push(key)}`,
    });
  return { counted, ask };
}

test('nodes that come, change and go make nothing be counted again', () => {
  const world = buildWorld([buildNode('n1'), buildNode('n2')]);
  const question = { key: 'q', namespaces: undefined, domainOf: () => undefined };
  const emptyDomainOf = ({ labels }: { labels: Record<string, string> }) => labels['zone'];
  const count = () => world.topology.count({ ...question, emptyDomainOf });
  const domains = count();
  assert.equal(domains.size(), 0);
  world.setNode(buildNode('n1', { labels: { zone: 'a' } }));
  world.setNode(buildNode('n3', { labels: { zone: 'a' } }));
  assert.equal(domains.size(), 1);
  world.removeNode('n1');
  assert.equal(domains.size(), 1);
  world.removeNode('n3');
  assert.equal(domains.size(), 0);
  assert.equal(count(), domains);
});

test('what hundreds of applications ask in turn is counted once', () => {
  const { counted, ask } = asking(buildWorld([buildNode('n1')]));
  for (let round = 0; round < 2; round++) for (let index = 0; index < 600; index++) ask(`q${index}`);
  assert.equal(counted.length, 600);
});

test('of questions too many the one that was not asked for longest is forgotten', () => {
  const { counted, ask } = asking(buildWorld([buildNode('n1')]));
  const questionsMax = Math.floor(domainsMax / (domainsPerQuestion + 1));
  for (let index = 0; index < questionsMax; index++) ask(`q${index}`);
  ask('q0');
  counted.length = 0;
  ask('q1');
  assert.deepEqual(counted, []);
  ask('one more');
  for (const key of ['q0', 'q1', 'q3', 'q2']) ask(key);
  assert.deepEqual(counted, ['one more', 'q2']);
});

test('a namespace that changes makes only those be counted again that choose namespaces by their labels', () => {
  const world = buildWorld([buildNode('n1')]);
  const counted: string[] = [];
  const ask = (key: string, namespaces: string[] | undefined) =>
    world.topology.count({ key, namespaces, domainOf: () => undefined, emptyDomainOf: () => `${counted.push(key)}` });
  for (let round = 0; round < 2; round++) {
    ask('own', ['default']);
    ask('chosen', undefined);
    world.namespaceChanged();
  }
  assert.deepEqual(counted, ['own', 'chosen', 'chosen']);
});

test('of several terms each may choose namespaces by their labels', () => {
  let team = 'one';
  const world = createWorld({ namespaceLabels: () => ({ team }) });
  world.setNode(buildNode('n1', { labels: { zone: 'a' } }));
  world.place(buildInfo('there', { namespace: 'other', labels: { app: 'x' }, nodeName: 'n1' }));
  const both = required('podAffinity', term('zone', { namespaces: ['other'] }), term(host, elsewhere));
  const fits = () => schedule(buildInfo('asking', both), world).node !== undefined;
  assert.equal(fits(), true);
  team = 'two';
  world.namespaceChanged();
  assert.equal(fits(), false);
});
