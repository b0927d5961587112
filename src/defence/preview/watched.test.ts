import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowEnd } from '../../api/observations/observation.ts';
import { noObservations } from '../../api/observations/observation.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview } from './preview.ts';
import { clusterOf, flow, namespace, object, policy, running, template, watched } from './testing/cluster.ts';
import { ofOutcome, onlyFront, seen, shop } from './testing/shop.ts';

test('what nobody watched is unknown, and never safe', () => {
  const { impacts, coverage } = preview(shop, [{ put: onlyFront }], noObservations(), 0);
  assert.deepEqual(ofOutcome(impacts, 'safe'), []);
  assert.deepEqual([...new Set(ofOutcome(impacts, 'unknown'))], ['to Deployment shop/database']);
  const [declared, others] = impacts;
  assert.match(declared!.why, /^Deployment shop\/api → .*\(1 pair\) on TCP 6379 and other ports: .*nobody watched/);
  assert.match(others!.why, /^Deployment shop\/front → .* on ports that nobody declares/);
  assert.ok(coverage.notAssessed.includes('connections: nobody watched them'));
});

test('a pod that policies tell apart from the one that was seen is not covered by what was seen of its workload', () => {
  const pinned = (number: number) => ({ 'statefulset.kubernetes.io/pod-name': `db-${number}` });
  const set = object('apps/v1', 'StatefulSet', 'db', { spec: { replicas: 2, template: template('db', 5432) } });
  const pods = [0, 1].map((number) =>
    object(
      'v1',
      'Pod',
      `db-${number}`,
      { spec: { ...template('db', 5432).spec, nodeName: 'n1' }, status: { podIP: `10.0.1.${number}` } },
      {
        labels: { app: 'db', ...pinned(number) },
        ownerReferences: [{ kind: 'StatefulSet', name: 'db', uid: set.metadata.uid, controller: true }],
      },
    ),
  );
  const allowing = (name: string, matchLabels: object) =>
    policy(name, {
      ...{ podSelector: { matchLabels }, policyTypes: ['Ingress'] },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 5432 }] }],
    });
  const at = clusterOf([
    namespace('shop'),
    ...running('api', 80, ['10.0.0.1']),
    set,
    ...pods,
    allowing('db', { app: 'db' }),
  ]);
  const seen = flow('api', 'db', 5432);
  const to = { ...seen.to, name: 'db-0', workload: 'StatefulSet/db', labels: { app: 'db', ...pinned(0) } } as FlowEnd;
  const none = {
    put: policy('db', { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress: [] }),
  };
  const outcomes = (changes: Change[]) =>
    preview(at, changes, watched({ flows: [{ ...seen, to }] }), 0).impacts.map(({ outcome, subject }) => [
      outcome,
      subject.type,
    ]);
  assert.deepEqual(outcomes([none, { put: allowing('first', pinned(0)) }]), [
    ['unknown', 'reach'],
    ['safe', 'flow'],
  ]);
  assert.deepEqual(outcomes([none, { put: allowing('all', { app: 'db' }) }]), [['safe', 'flow']]);
});

test('how long was watched leaves out gaps, and nodes that do not tell are told', () => {
  const minutes = (source: string, from: number, to: number) => ({
    source,
    fromMs: from * 60_000,
    toMs: to * 60_000,
    lost: 0,
  });
  const node = (name: string) => object('v1', 'Node', name, {}, { namespace: undefined });
  const at = clusterOf([
    ...['n1', 'n2', 'n3'].map(node),
    namespace('shop'),
    ...running('api', 80, ['10.0.0.1']),
    ...running('db', 5432, ['10.0.0.2']),
  ]);
  const flows = [
    minutes('node/n1', 0, 5),
    minutes('node/n1', 4, 6),
    minutes('node/n3', 0, 1),
    minutes('node/n1', 8000, 8004),
  ];
  const observations = { ...noObservations(), windows: { ...noObservations().windows, flows } };
  const deny = { put: policy('deny', { podSelector: {}, policyTypes: ['Ingress'] }) };
  const { impacts, coverage } = preview(at, [deny], observations, 8004 * 60_000);
  assert.match(impacts[0]!.why, /not seen in 10 min of watching/);
  const nodes = coverage.notAssessed.filter((text) => text.includes(' of node '));
  assert.deepEqual(nodes, [
    'connections of node n2: nobody watched them',
    'connections of node n3: the watching ended 5 d ago',
  ]);
});

test('when a kind could not be read, no flow is called safe', () => {
  const blind = clusterOf(shop.objects, { unread: [{ kind: 'NetworkPolicy.networking.k8s.io', why: 'forbidden' }] });
  const { impacts } = preview(blind, [{ put: onlyFront }], seen, 0);
  assert.deepEqual(ofOutcome(impacts, 'safe'), []);
});
