import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObserved } from '../../api/observations/decode.ts';
import type { FlowEnd } from '../../api/observations/observation.ts';
import { createEvaluator, type NetworkPolicy, type World } from '../../policy/policy.ts';
import { explainDrop, rulesTriedMax } from './explain.ts';

const end = (namespace: string, name: string, labels = {}): FlowEnd => ({ type: 'pod', namespace, name, labels });
const web = end('shop', 'web', { app: 'web', 'pod-template-hash': '5d4' });
const db = end('shop', 'db', { app: 'db' });
const spy = end('other', 'spy');

function judgedBy(...policies: NetworkPolicy[]) {
  const pods = [web, db, spy].map((each, index) => ({
    ...(each as { namespace: string; name: string; labels: Record<string, string> }),
    ...{ ips: [`10.244.0.${index + 2}`], node: 'n1', hostNetwork: false, ports: [] },
  }));
  const namespaces: World['namespaces'] = [
    { name: 'shop', labels: {} },
    { name: 'other', labels: { 'rempart.io/isolation': 'deny' } },
  ];
  const nodes = [{ name: 'n1', addresses: ['192.0.2.1'] }];
  const world: World = { pods, namespaces, nodes, policies, exposures: [], wellKnown: [] };
  return { world, evaluator: createEvaluator(world) };
}
const policy = (spec: NetworkPolicy['spec']): NetworkPolicy => ({ metadata: { namespace: 'shop', name: 'p' }, spec });
const tcp = (from: FlowEnd, to: FlowEnd, port = 5432) => ({ from, to, protocol: 'TCP' as const, port });

test('the rule that came nearest is the one that lacks only the port', () => {
  const ingress = [
    { from: [{ podSelector: { matchLabels: { app: 'admin' } } }], ports: [{ port: 5432 }] },
    { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 80, endPort: 90 }] },
  ];
  const judged = judgedBy(policy({ podSelector: { matchLabels: { app: 'db' } }, ingress }));
  assert.deepEqual(explainDrop('ingress', tcp(web, db), judged), {
    ...{ side: 'ingress', why: 'policy', by: ['shop/p'] },
    nearest: 'shop/p ingress[1] allows this source, but only on TCP 80-90',
    allowance: 'in shop, a policy for pods app=db with ingress from pods app=web on TCP 5432',
  });
});

test('isolation modes are told, and both sides of what would let it pass', () => {
  assert.deepEqual(explainDrop('egress', tcp(web, spy), judgedBy()), {
    ...{ side: 'egress', why: 'island', by: [] },
    allowance:
      'in shop, a policy for pods app=web with egress to the pod spy of namespace other on TCP 5432; and ' +
      'in other, a policy for the pod spy with ingress from pods app=web of namespace shop on TCP 5432',
  });
  assert.equal(explainDrop('egress', tcp(spy, web), judgedBy()).why, 'deny');
});

test('what no policy can allow has no allowance', () => {
  const node: FlowEnd = { type: 'node', name: 'n1', address: '192.0.2.1' };
  const guarded = explainDrop('egress', tcp(web, node, 22), judgedBy());
  assert.deepEqual([guarded.side, guarded.why, guarded.allowance], ['node', 'node guard', undefined]);
  assert.equal(explainDrop('source', tcp(web, db), judgedBy()).why, 'spoofing');
  const nobody: FlowEnd = { type: 'address', address: '10.244.0.99' };
  assert.equal(explainDrop('source', tcp(nobody, db), judgedBy()).why, 'not programmed');
  assert.equal(explainDrop('ingress', tcp(web, nobody), judgedBy()).why, 'not programmed');
});

test('rules that have changed since, and pods that are gone, are not taken for a reason', () => {
  assert.match(explainDrop('ingress', tcp(web, db), judgedBy()).nearest!, /changed since/);
  assert.match(explainDrop('egress', tcp(end('shop', 'gone'), db), judgedBy()).nearest!, /gone/);
});

test('a policy of very many rules is not tried through: its owner must not hold the node up', () => {
  const far = { from: [{ podSelector: { matchLabels: { app: 'admin' } } }], ports: [{ port: 1 }] };
  const near = { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 80 }] };
  const nearestAfter = (count: number) => {
    const ingress = [...Array.from({ length: count }, () => far), near];
    return explainDrop('ingress', tcp(web, db), judgedBy(policy({ podSelector: {}, ingress }))).nearest;
  };
  assert.match(nearestAfter(rulesTriedMax - 1)!, /^shop\/p ingress\[19\] allows this source/);
  assert.equal(nearestAfter(rulesTriedMax), 'none of the first 20 rules comes near');
});

test('long labels and very many policies do not make a drop one that the API server cannot take', () => {
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`label-${index}`, 'x'.repeat(60)]));
  const from = end('shop', 'web', labels);
  const policies = Array.from({ length: 70 }, (_, index) => ({
    ...{ metadata: { namespace: 'shop', name: `p${index}` }, spec: { podSelector: {}, policyTypes: ['Ingress'] } },
  }));
  const flow = { ...tcp(from, db), allowed: false, drop: explainDrop('ingress', tcp(from, db), judgedBy(...policies)) };
  const nowMs = Date.parse('2026-03-01T12:00:00Z');
  assert.ok(decodeObserved('flows', { ...flow, firstMs: nowMs, lastMs: nowMs, count: 1 }, nowMs));
});
