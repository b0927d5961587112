import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../test/property.ts';
import {
  type CompiledDirection,
  createEvaluator,
  type NetworkPolicy,
  type PolicyPod,
  type Protocol,
  parseAddress,
  podKey,
  type World,
} from './policy.ts';
import { type End, modelAllows } from './testing/model.ts';
import { plainAddresses, portNumber, worlds } from './testing/worlds.ts';

const protocols: Protocol[] = ['TCP', 'UDP', 'SCTP'];
const party = (end: End) => (typeof end === 'string' ? { address: end } : { pod: podKey(end) });

test('an address is four numbers up to 255, without zeros before them', () => {
  const texts = ['0.0.0.0', '10.0.0.1', '255.255.255.255', '1.2.3.0'];
  assert.deepEqual(texts.map(parseAddress), [0, 0x0a000001, 0xffffffff, 0x01020300]);
  const others = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.00',
    '1..3.4',
    '1.2.3.',
    '.1.2.3',
    '1.2.3.1000',
  ];
  for (const text of [...others, '1.2.3.4 ', '::1', 'a.b.c.d', '-1.2.3.4'])
    assert.equal(parseAddress(text), undefined, text);
});

test('the evaluator says what the documentation of NetworkPolicy says', () => {
  fc.assert(
    fc.property(worlds, portNumber, fc.constantFrom(...protocols), (world, port, protocol) => {
      const { evaluate } = createEvaluator(world);
      const ends: End[] = [...world.pods, ...plainAddresses];
      for (const from of ends)
        for (const to of ends)
          assert.equal(
            evaluate(party(from), party(to), protocol, port).allowed,
            modelAllows(world, from, to, protocol, port),
            JSON.stringify({ from, to, protocol, port }),
          );
    }),
    { numRuns: 400 },
  );
});

function compiledAllows({ open, rules }: CompiledDirection, peer: string, protocol: Protocol, port: number): boolean {
  const address = parseAddress(peer)!;
  return (
    open ||
    rules.some(({ peers, ports }) => {
      const peerFits =
        peers === undefined ||
        (peers.type === 'addresses'
          ? peers.addresses.includes(address)
          : peers.ranges.some(({ first, last }) => first <= address && address <= last));
      return (
        peerFits &&
        (ports === undefined || ports.some((p) => p.protocol === protocol && p.first <= port && port <= p.last))
      );
    })
  );
}

test('the compiled sets of a pod allow exactly what the evaluator allows', () => {
  fc.assert(
    fc.property(worlds, portNumber, fc.constantFrom(...protocols), (world, port, protocol) => {
      const { evaluate, compile } = createEvaluator(world);
      for (const pod of world.pods.filter(({ hostNetwork }) => !hostNetwork))
        for (const far of [...world.pods, ...plainAddresses].filter((end) => end !== pod)) {
          const address = typeof far === 'string' ? far : far.ips[0]!;
          const { ingress } = evaluate(party(far), party(pod), protocol, port);
          // Being reached by the own node is not compiled: what a node sends itself is never filtered.
          if (ingress.why !== 'own node')
            assert.equal(compiledAllows(compile(pod).ingress, address, protocol, port), ingress.allowed);
          const { egress } = evaluate(party(pod), party(far), protocol, port);
          if (egress.why !== 'node guard')
            assert.equal(compiledAllows(compile(pod).egress, address, protocol, port), egress.allowed);
        }
    }),
    { numRuns: 400 },
  );
});

const pod = (name: string, changes: Partial<PolicyPod> = {}): PolicyPod => ({
  namespace: 'shop',
  name,
  labels: { app: name },
  ips: [],
  node: 'n1',
  hostNetwork: false,
  ports: [],
  ...changes,
});
const policy = (name: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({
  metadata: { namespace: 'shop', name },
  spec,
});
const dns = {
  name: 'dns',
  protocols: ['UDP', 'TCP'] as Protocol[],
  backend: { address: '10.244.0.1', port: 53 },
  aliases: [{ address: '10.96.0.10', port: 53 }],
  namespace: 'kube-system',
  labels: { 'k8s-app': 'kube-dns' },
};
const api = {
  name: 'api',
  protocols: ['TCP'] as Protocol[],
  backend: { address: '10.244.0.1', port: 6443 },
  aliases: [{ address: '10.96.0.1', port: 443 }],
};
const shop = (changes: Partial<World> = {}): World => ({
  pods: [
    pod('front', { ips: ['10.244.0.2'], ports: [{ name: 'http', protocol: 'TCP', port: 8080 }] }),
    pod('db', { ips: ['10.244.0.3'] }),
    pod('spy', { namespace: 'other', ips: ['10.244.0.4'] }),
  ],
  namespaces: [
    { name: 'shop', labels: {} },
    { name: 'other', labels: {} },
    { name: 'kube-system', labels: { 'kubernetes.io/metadata.name': 'kube-system' } },
  ],
  nodes: [{ name: 'n1', addresses: ['10.244.0.1', '192.0.2.2'] }],
  policies: [],
  exposures: [],
  wellKnown: [dns, api],
  ...changes,
});

const tcp = (world: World, from: object, to: object, port: number, protocol: Protocol = 'TCP') =>
  createEvaluator(world).evaluate(from as any, to as any, protocol, port);
const front = { pod: 'shop/front' };
const db = { pod: 'shop/db' };
const spy = { pod: 'other/spy' };

test('a namespace is an island: own pods, DNS and API, nothing else', () => {
  assert.equal(tcp(shop(), front, db, 5432).allowed, true);
  assert.equal(tcp(shop(), front, { address: '10.96.0.10' }, 53, 'UDP').allowed, true);
  assert.equal(tcp(shop(), front, { address: '10.244.0.1' }, 6443).allowed, true);
  assert.equal(tcp(shop(), spy, db, 5432).allowed, false);
  assert.equal(tcp(shop(), front, { address: '203.0.113.1' }, 443).allowed, false);
  assert.equal(tcp(shop(), { address: '203.0.113.1' }, front, 8080).allowed, false);
  assert.deepEqual(tcp(shop(), front, { address: '192.0.2.2' }, 22).egress, {
    allowed: false,
    why: 'node guard',
    by: [],
  });
});

test('an exposed port of an island is open to anyone, its other ports are not', () => {
  const world = shop({ exposures: [{ namespace: 'shop', pod: 'front', protocol: 'TCP', port: 8080 }] });
  assert.equal(tcp(world, { address: '203.0.113.1' }, front, 8080).allowed, true);
  assert.equal(tcp(world, { address: '203.0.113.1' }, front, 8081).allowed, false);
});

test('deny allows not even DNS, only the pod itself and its own node', () => {
  const world = shop({ namespaces: [{ name: 'shop', labels: { 'rempart.io/isolation': 'deny' } }] });
  assert.equal(tcp(world, front, db, 5432).allowed, false);
  assert.equal(tcp(world, front, { address: '10.96.0.10' }, 53, 'UDP').allowed, false);
  assert.equal(tcp(world, front, front, 8080).allowed, true);
  assert.equal(tcp(world, { address: '192.0.2.2' }, front, 8080).allowed, true);
});

test('an unknown mode counts as island, and kube-system is exempt by name', () => {
  const mistyped = [{ name: 'shop', labels: { 'rempart.io/isolation': 'of' } }];
  const outside = { address: '203.0.113.1' };
  for (const defaultIsolation of ['island', 'off'] as const) {
    const world = shop({ namespaces: mistyped, defaultIsolation });
    assert.equal(tcp(world, front, outside, 443).egress.why, 'island', `by default ${defaultIsolation}`);
  }
  const silent = shop({ namespaces: [{ name: 'shop', labels: {} }], defaultIsolation: 'off' });
  assert.equal(tcp(silent, front, outside, 443).egress.why, 'off', 'only who says nothing takes the default');
  const system = pod('proxy', { namespace: 'kube-system', ips: ['10.244.0.9'] });
  const allowed = tcp(
    shop({ pods: [...shop().pods, system] }),
    { pod: 'kube-system/proxy' },
    { address: '203.0.113.1' },
    443,
  );
  assert.equal(allowed.egress.why, 'off');
});

test('an island opens per direction: a policy about ingress leaves egress an island', () => {
  const policies = [policy('open', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] })];
  assert.equal(tcp(shop({ policies }), spy, db, 5432).ingress.allowed, true);
  assert.equal(tcp(shop({ policies }), spy, db, 5432).egress.why, 'island');
  assert.equal(tcp(shop({ policies }), db, { address: '203.0.113.1' }, 443).allowed, false);
});

test('the usual "allow DNS" policies find the DNS service by label, block and address', () => {
  const ports = [{ protocol: 'UDP', port: 53 }];
  const peers = [
    [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ],
    [{ ipBlock: { cidr: '10.96.0.10/32' } }],
    [{ ipBlock: { cidr: '10.244.0.0/24' } }],
    [],
  ];
  for (const to of peers) {
    const policies = [policy('dns', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to, ports }] })];
    const world = shop({ policies });
    assert.equal(tcp(world, front, { address: '10.96.0.10' }, 53, 'UDP').allowed, true, JSON.stringify(to));
    assert.equal(tcp(world, front, { address: '10.96.0.10' }, 53, 'TCP').allowed, false);
    const { egress } = createEvaluator(world).compile(world.pods[0]!);
    assert.equal(compiledAllows(egress, '10.244.0.1', 'UDP', 53), true);
    assert.equal(compiledAllows(egress, '10.244.0.1', 'TCP', 6443), false);
  }
});

test('the decision names the policies: those that allow, or all that isolate', () => {
  const rule = (app: string) => ({
    podSelector: { matchLabels: { app: 'db' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
  });
  const policies = [policy('front', rule('front')), policy('jobs', rule('job'))];
  assert.deepEqual(tcp(shop({ policies }), front, db, 5432).ingress, {
    allowed: true,
    why: 'policy',
    by: ['shop/front'],
  });
  assert.deepEqual(tcp(shop({ policies }), spy, db, 5432).ingress, {
    allowed: false,
    why: 'policy',
    by: ['shop/front', 'shop/jobs'],
  });
});

test('policies of 10,000 pods are compiled in classes, not one by one', () => {
  const pods = Array.from({ length: 10_000 }, (_, index) =>
    pod(`p-${index}`, {
      namespace: `ns-${index % 50}`,
      labels: { app: `app-${index % 20}`, 'pod-template-hash': `h${index}` },
      ips: [`10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`],
      ports: [{ name: `n${index}`, protocol: 'TCP', port: 80 }],
    }),
  );
  const policies = Array.from({ length: 1000 }, (_, index) => ({
    metadata: { namespace: `ns-${index % 50}`, name: `p-${index}` },
    spec: {
      podSelector: { matchLabels: { app: `app-${index % 20}` } },
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }],
    },
  }));
  const world = { pods, policies, namespaces: [], nodes: [], exposures: [], wellKnown: [dns, api] };
  const { compile } = createEvaluator(world);
  const sets = new Set(pods.slice(0, 1000).flatMap((pod) => compile(pod).ingress.rules.map(({ peers }) => peers)));
  assert.equal(sets.size, 50, 'pods of one namespace share one set of peers');
});
