import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../test/property.ts';
import { createEvaluator, type NetworkPolicy, type Protocol, podKey, type RuleRef, type World } from './policy.ts';
import type { End } from './testing/model.ts';
import { plainAddresses, portNumber, worlds } from './testing/worlds.ts';

const protocols = fc.constantFrom<Protocol>('TCP', 'UDP', 'SCTP');
const party = (end: End) => (typeof end === 'string' ? { address: end } : { pod: podKey(end) });

/** Names that tell policies apart. */
const named = (world: World): World => ({
  ...world,
  policies: world.policies.map((policy, at) => ({ ...policy, metadata: { ...policy.metadata, name: `p${at}` } })),
});
/** The world with one rule of one policy in that direction, and nothing else that allows there. */
function only(world: World, { policy, direction, rule }: RuleRef): World {
  const policies = world.policies.map(({ metadata, spec }): NetworkPolicy => {
    const isIt = `${metadata.namespace}/${metadata.name}` === policy;
    return { metadata, spec: { ...spec, [direction]: isIt ? [spec![direction]![rule]!] : [] } };
  });
  return { ...world, policies };
}

test('each deciding rule is enough by itself, a denial is never explained away, and the nearest rule differs', () => {
  fc.assert(
    fc.property(worlds.map(named), portNumber, protocols, (world, port, protocol) => {
      const { evaluate, explain } = createEvaluator(world);
      const ends: End[] = [...world.pods, ...plainAddresses];
      for (const from of ends)
        for (const to of ends) {
          const { allowed } = evaluate(party(from), party(to), protocol, port);
          const explanation = explain(party(from), party(to), protocol, port);
          if (explanation.verdict !== 'unknown') assert.equal(explanation.verdict === 'allowed', allowed);
          for (const side of ['egress', 'ingress'] as const) {
            const { why, allowed, rules, nearest } = explanation[side];
            if (why !== 'policy') continue;
            assert.equal(rules.length > 0, allowed);
            if (nearest) assert.ok(nearest.differs.length > 0);
            for (const rule of rules) {
              const alone = createEvaluator(only(world, rule)).evaluate(party(from), party(to), protocol, port);
              assert.equal(alone[side].allowed, true, JSON.stringify(rule));
            }
          }
        }
    }),
    { numRuns: 150 },
  );
});

test('what is denied for sure stays denied whatever number a name that nobody declares turns out to stand for', () => {
  fc.assert(
    fc.property(worlds.map(named), portNumber, protocols, (world, port, protocol) => {
      const { explain } = createEvaluator(world);
      for (const to of world.pods.filter(({ hostNetwork }) => !hostNetwork)) {
        const missing = ['web', 'dns'].filter(
          (name) => !to.ports.some((declared) => declared.name === name && declared.protocol === protocol),
        );
        const ports = [...to.ports, ...missing.map((name) => ({ name, protocol, port }))];
        const told = { ...world, pods: world.pods.map((pod) => (pod === to ? { ...pod, ports } : pod)) };
        const { evaluate } = createEvaluator(told);
        for (const from of [...world.pods, ...plainAddresses])
          if (explain(party(from), party(to), protocol, port).verdict === 'denied')
            assert.equal(evaluate(party(from), party(to), protocol, port).allowed, false);
      }
    }),
    { numRuns: 150 },
  );
});

const pod = (namespace: string, name: string, ips: string[] = [], labels = { app: name }) => ({
  ...{ namespace, name, labels, ips, node: 'n1', hostNetwork: false, ports: [] },
});
const shop = (ingress: object[], changes: Partial<World> = {}): World => ({
  pods: [pod('shop', 'web', ['10.0.0.1']), pod('shop', 'db', ['10.0.0.2']), pod('team', 'spy'), pod('dark', 'x')],
  namespaces: ['shop', 'team'].map((name) => ({ name, labels: { team: name } })),
  nodes: [],
  policies: [
    { metadata: { namespace: 'shop', name: 'db' }, spec: { podSelector: { matchLabels: { app: 'db' } }, ingress } },
  ],
  exposures: [],
  wellKnown: [],
  foreign: true,
  ...changes,
});
const toDatabase = (world: World, from: string, port = 5432) =>
  createEvaluator(world).explain({ pod: from }, { pod: 'shop/db' }, 'TCP', port);

test('what differs is named: port, labels of the pod, labels of its namespace', () => {
  const world = shop([
    { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 5432 }] },
    { from: [{ namespaceSelector: { matchLabels: { team: 'shop' } }, podSelector: { matchLabels: { app: 'job' } } }] },
  ]);
  const { nearest } = toDatabase(world, 'shop/web', 5433).ingress;
  assert.deepEqual(nearest, {
    ...{ policy: 'shop/db', direction: 'ingress', rule: 0, peer: 0 },
    differs: [{ what: 'port', wanted: 'TCP 5432', found: 'TCP 5433' }],
  });
  const spy = toDatabase(world, 'team/spy').ingress.nearest!;
  assert.deepEqual(
    [spy.rule, spy.differs],
    [
      0,
      [
        { what: 'namespace', wanted: 'shop', found: 'team' },
        { what: 'pod labels', wanted: 'app=web', found: 'app=spy' },
      ],
    ],
  );
  assert.deepEqual(toDatabase(world, 'shop/web').ingress.rules, [
    { policy: 'shop/db', direction: 'ingress', rule: 0, peer: 0 },
  ]);
});

test('an address that is not known yet, labels of a namespace that was not read, a name nobody declares: unknown', () => {
  const block = shop([{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }]);
  assert.equal(toDatabase(block, 'team/spy').verdict, 'unknown');
  assert.equal(toDatabase(block, 'shop/web').verdict, 'allowed');
  const labelled = shop([{ from: [{ namespaceSelector: { matchLabels: { team: 'a' } } }] }]);
  assert.equal(toDatabase(labelled, 'dark/x').verdict, 'unknown');
  assert.equal(toDatabase(labelled, 'team/spy').verdict, 'denied');
  const byName = shop([{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'a' } } }] }]);
  assert.equal(toDatabase(byName, 'dark/x').verdict, 'denied');
  const negative = shop([
    { from: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] } }] },
  ]);
  assert.equal(toDatabase(negative, 'dark/x').verdict, 'unknown');
  const ours = createEvaluator(shop([], { foreign: false, policies: [] }));
  assert.equal(ours.explain({ pod: 'shop/web' }, { pod: 'shop/db' }, 'TCP', 1).verdict, 'allowed');
  assert.equal(ours.explain({ pod: 'dark/x' }, { pod: 'shop/db' }, 'TCP', 1).egress.doubts.length, 1);
  const named = shop([{ ports: [{ port: 'sql' }] }]);
  assert.equal(toDatabase(named, 'shop/web').verdict, 'unknown');
  const otherwise = shop([{ from: [{ podSelector: { matchLabels: { app: 'job' } } }], ports: [{ port: 'sql' }] }]);
  assert.equal(toDatabase(otherwise, 'shop/web').verdict, 'denied');
});
