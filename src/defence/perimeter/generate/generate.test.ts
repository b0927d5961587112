import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import fc from '../../../../test/property.ts';
import { type Flow, type FlowEnd, noObservations, type Observations } from '../../../api/observations/observation.ts';
import { createEvaluator, type Protocol } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { createSnapshot, type Snapshot, withChanges } from '../../snapshot/snapshot.ts';
import { worldOfSnapshot } from '../../snapshot/world.ts';
import { calico } from '../../testing/worlds.ts';
import { generatePolicies } from './generate.ts';
import { generatedYaml } from './render.ts';

const dayMs = 86_400_000;
const object = (apiVersion: string, kind: string, namespace: string, name: string, rest: object = {}): Manifest => ({
  ...{ apiVersion, kind, metadata: { ...(namespace && { namespace }), name, uid: `${kind}-${namespace}-${name}` } },
  ...rest,
});
const nodes = ['n1', 'n2'];
const node = (name: string) =>
  object('v1', 'Node', '', name, {
    spec: { podCIDR: '10.0.0.0/16' },
    status: { addresses: [{ address: `192.0.2.${name.slice(1)}` }] },
  });

/** A Deployment with a pod on each node; `hostNetwork` as DaemonSets of agents have it. */
function workload(namespace: string, app: string, at: number, spec: object = {}): Manifest[] {
  const labels = { app };
  const made = object('apps/v1', 'Deployment', namespace, app, {
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: {} } },
  });
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: app, uid: made.metadata.uid!, controller: true };
  const isHost = 'hostNetwork' in spec;
  return [
    made,
    ...nodes.map((nodeName, copy) => {
      const pod = object('v1', 'Pod', namespace, `${app}-${copy}`, {
        spec: { nodeName, containers: [{ ports: [{ name: 'http', containerPort: 80 }] }], ...spec },
        status: { phase: 'Running', podIP: isHost ? `192.0.2.${copy + 1}` : `10.0.${at}.${copy + 1}` },
      });
      Object.assign(pod.metadata, { labels: { ...labels, 'pod-template-hash': 'x1' }, ownerReferences: [owner] });
      return pod;
    }),
  ];
}
const places = ['a', 'b'].flatMap((namespace) => ['x', 'y', 'z'].map((app) => ({ namespace, app })));
const snapshotOf = (objects: Manifest[], closedByDefault = false): Snapshot =>
  createSnapshot({
    ...{ source: 'cluster', closedByDefault, takenAtMs: 0, minor: 36, unread: [] },
    objects: [calico, ...nodes.map(node), ...objects],
  });
const cluster = [
  ...places.flatMap(({ namespace, app }, at) => workload(namespace, app, at + 1)),
  ...workload('a', 'agent', 9, { hostNetwork: true }),
];

const podEnd = (namespace: string, app: string, copy = 0): FlowEnd => ({
  ...{ type: 'pod', namespace, name: `${app}-${copy}`, workload: `Deployment/${app}` },
  labels: { app, 'pod-template-hash': 'x1' },
});
const flow = (from: FlowEnd, to: FlowEnd, port: number, changes: Partial<Flow> = {}): Flow => ({
  ...{ from, to, protocol: 'TCP', port, allowed: true, firstMs: 0, lastMs: dayMs, count: 7, ...changes },
});
const seen = (flows: Flow[], toMs = 30 * dayMs): Observations => ({
  ...noObservations(),
  flows,
  windows: { ...noObservations().windows, flows: [{ source: 'n1', fromMs: 0, toMs, lost: 0 }] },
});

const ends: fc.Arbitrary<FlowEnd> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ place: fc.constantFrom(...places), copy: fc.nat(1) })
      .map(({ place, copy }) => podEnd(place.namespace, place.app, copy)),
  },
  { weight: 1, arbitrary: fc.nat(1).map((copy) => podEnd('a', 'agent', copy)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('n1', 'n2')
      .map((name): FlowEnd => ({ type: 'node', name, address: `192.0.2.${name.slice(1)}` })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('203.0.113.7', '10.9.9.9').map((address): FlowEnd => ({ type: 'address', address })),
  },
);
const flows = fc.array(
  fc
    .record({
      from: ends,
      to: ends,
      port: fc.constantFrom(53, 80, 81),
      protocol: fc.constantFrom<Protocol>('TCP', 'UDP'),
    })
    .map(({ from, to, port, protocol }) => flow(from, to, port, { protocol })),
  { maxLength: 12 },
);

test('what was seen stays possible, and nothing that was not', () => {
  fc.assert(
    fc.property(flows, fc.boolean(), (flows, closedByDefault) => {
      const snapshot = snapshotOf(cluster, closedByDefault);
      const { policies, notCovered } = generatePolicies(snapshot, seen(flows));
      // On our clusters no policy opens a node to its own pods.
      if (!closedByDefault) assert.deepEqual(notCovered, []);
      const { world } = worldOfSnapshot(
        withChanges(
          snapshot,
          policies.map(({ policy }) => ({ put: policy })),
        ),
      );
      const { evaluate } = createEvaluator(world);
      const appOf = (end: FlowEnd) =>
        end.type === 'pod' && end.workload !== 'Deployment/agent' ? `${end.namespace}/${end.workload}` : '';
      const hasPolicy = new Set(policies.map(({ workload }) => `${workload.namespace}/Deployment/${workload.name}`));
      const wanted = new Set(
        flows.map(({ from, to, protocol, port }) => [appOf(from), appOf(to), protocol, port].join()),
      );
      for (const a of places)
        for (const b of places)
          for (const [protocol, port] of [
            ['TCP', 80],
            ['TCP', 81],
            ['UDP', 53],
            ['SCTP', 9],
          ] as const) {
            const [from, to] = [podEnd(a.namespace, a.app), podEnd(b.namespace, b.app, 1)];
            if (!hasPolicy.has(appOf(from)) && !hasPolicy.has(appOf(to))) continue;
            const { allowed } = evaluate(
              { pod: `${a.namespace}/${a.app}-0` },
              { pod: `${b.namespace}/${b.app}-1` },
              protocol,
              port,
            );
            assert.equal(
              allowed,
              wanted.has([appOf(from), appOf(to), protocol, port].join()),
              `${a.app} ${b.app} ${port}`,
            );
          }
    }),
    { numRuns: 150 },
  );
});

const find = (snapshot: Snapshot, flows: Flow[]) => generatePolicies(snapshot, seen(flows));

test('DNS is in every policy, pods on the network of their node are addresses of its nodes, probes need nothing', () => {
  const { policies, skipped } = find(snapshotOf(cluster), [
    flow(podEnd('a', 'agent'), podEnd('b', 'x'), 80),
    flow(podEnd('b', 'x'), podEnd('a', 'agent'), 9100),
    flow({ type: 'node', name: 'n1', address: '192.0.2.1' }, podEnd('b', 'x'), 8080),
  ]);
  assert.deepEqual(
    policies.map(({ policy }) => policy['spec']),
    [
      {
        podSelector: { matchLabels: { app: 'x' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [{ ipBlock: { cidr: '192.0.2.1/32' } }, { ipBlock: { cidr: '192.0.2.2/32' } }],
            ports: [{ protocol: 'TCP', port: 'http' }],
          },
        ],
        egress: [
          {
            to: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
                podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
              },
            ],
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
          {
            to: [{ ipBlock: { cidr: '192.0.2.1/32' } }, { ipBlock: { cidr: '192.0.2.2/32' } }],
            ports: [{ protocol: 'TCP', port: 9100 }],
          },
        ],
      },
    ],
  );
  assert.ok(skipped.some(({ what, why }) => what === 'Deployment a/agent' && /network of its node/.test(why)));
  assert.ok(skipped.some(({ what, why }) => what === 'Deployment a/y' && /no flow/.test(why)));
});

test('the API server, a Service seen by its address, many addresses, a pod that is gone', () => {
  const service = (namespace: string, name: string, spec: object) => object('v1', 'Service', namespace, name, { spec });
  const slice = object('discovery.k8s.io/v1', 'EndpointSlice', 'default', 'kubernetes', {
    endpoints: [{ addresses: ['198.51.100.1'] }],
    ports: [{ port: 6443 }],
  });
  slice.metadata.labels = { 'kubernetes.io/service-name': 'kubernetes' };
  const snapshot = snapshotOf([
    ...cluster,
    service('default', 'kubernetes', { clusterIP: '10.96.0.1', ports: [{ port: 443 }] }),
    service('a', 'y', { clusterIP: '10.96.0.7', selector: { app: 'y' }, ports: [{ port: 8000, targetPort: 'http' }] }),
    slice,
  ]);
  const address = (address: string): FlowEnd => ({ type: 'address', address });
  const gone: FlowEnd = { type: 'pod', namespace: 'old', name: 'job-1', labels: { job: 'sum', 'controller-uid': '1' } };
  const { policies, notCovered } = find(snapshot, [
    flow(podEnd('a', 'x'), address('198.51.100.1'), 6443),
    flow(podEnd('a', 'x'), address('10.96.0.7'), 8000),
    ...Array.from({ length: 20 }, (_, at) => flow(podEnd('a', 'x'), address(`203.0.113.${at}`), 443)),
    ...Array.from({ length: 20 }, (_, at) => flow(podEnd('a', 'x'), address(`203.${at}.113.9`), 25)),
    flow(podEnd('a', 'x'), address('10.1.2.3'), 25),
    flow(gone, podEnd('a', 'x'), 80),
    flow(podEnd('a', 'x'), address('2001:db8::1'), 443),
  ]);
  const { egress, ingress } = policies.find(({ workload }) => workload.name === 'x')!.policy['spec'];
  const cidrs = (rule: any) => rule.to.map((peer: any) => peer.ipBlock?.cidr ?? peer.podSelector.matchLabels.app);
  assert.deepEqual(egress.slice(1).map(cidrs), [
    ['10.96.0.1/32', '198.51.100.1/32'],
    ['y'],
    ['203.0.113.0/24'],
    ['10.0.0.0/8', '0.0.0.0/0'],
  ]);
  assert.deepEqual(
    egress.at(-1).to.map((peer: any) => peer.ipBlock.except),
    [['10.0.0.0/16'], ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']],
  );
  assert.deepEqual(ingress[0].from, [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'old' } },
      podSelector: { matchLabels: { job: 'sum' } },
    },
  ]);
  assert.deepEqual(
    notCovered.map(({ why }) => why),
    ['IPv6 is not generated'],
  );
});

test('what is offered to the outside on purpose is for everybody there, not for whom was seen', () => {
  const host = cluster.map((manifest) => {
    const copy = structuredClone(manifest);
    if (manifest.kind === 'Pod' && manifest.metadata.labels?.['app'] === 'x')
      copy['spec'].containers[0].ports[0].hostPort = 8080;
    return copy;
  });
  const { policies, notCovered } = find(snapshotOf(host), [
    flow({ type: 'address', address: '203.0.113.7' }, podEnd('a', 'x'), 80),
    flow({ type: 'node', name: 'n2', address: '192.0.2.2' }, podEnd('a', 'x'), 80),
    flow({ type: 'address', address: '203.0.113.7' }, podEnd('a', 'y'), 80),
  ]);
  const from = (name: string) =>
    policies.find(({ workload }) => workload.name === name)!.policy['spec'].ingress[0].from;
  assert.deepEqual(from('x'), [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/16'] } }]);
  assert.deepEqual(from('y'), [{ ipBlock: { cidr: '203.0.113.7/32' } }]);
  assert.deepEqual(notCovered, []);
});

test('every rule says why it is there; a short window is warned of; what was refused is not allowed', () => {
  const snapshot = snapshotOf(cluster);
  const observations = seen(
    [flow(podEnd('a', 'x'), podEnd('b', 'y'), 80), flow(podEnd('a', 'z'), podEnd('b', 'y'), 80, { allowed: false })],
    3 * dayMs,
  );
  const generated = generatePolicies(snapshot, observations, ['b']);
  const text = generatedYaml(generated, 'a test');
  assert.match(
    text,
    /^# NetworkPolicies from what was seen on a test\n# watched by n1 .*\(3\.0 days\)\n# WARNING: the window is 3\.0 days/,
  );
  assert.match(
    text,
    / +# Deployment a\/x → Deployment b\/y on TCP 80: seen 7 times, first 1970-01-01 00:00Z, last 1970-01-02 00:00Z\n +- from:/,
  );
  assert.doesNotMatch(text, /a\/z →/);
  const documents = parseAllDocuments(text).map((document) => document.toJS());
  assert.deepEqual(
    documents.filter((value) => value !== null),
    generated.policies.map(({ policy }) => policy),
  );
  assert.deepEqual(generatePolicies(snapshot, noObservations()).warnings, [
    'flows were not watched at all: nothing is known of what is needed',
  ]);
});

test('it is told when a policy would close a workload of which nothing was seen, or cannot close what stands open', () => {
  const twin = { app: 'x', part: 'twin' };
  const bare = object('v1', 'Pod', 'a', 'twin', { spec: { nodeName: 'n1', containers: [] }, status: {} });
  bare.metadata.labels = twin;
  const open = object('networking.k8s.io/v1', 'NetworkPolicy', 'a', 'open', {
    spec: { podSelector: {}, ingress: [{}] },
  });
  const { warnings } = find(snapshotOf([...cluster, bare, open]), [flow(podEnd('a', 'x'), podEnd('a', 'y'), 80)]);
  assert.deepEqual(warnings, [
    'a/deployment-x selects pods of Pod a/twin, too, of which no flow was seen: it would close them',
    'policies add up: what is there already still allows what it allows (a/open)',
  ]);
});
