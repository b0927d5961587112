import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import type { Manifest } from '../contract.ts';
import type { Change } from '../snapshot/snapshot.ts';
import type { Impact, Preview } from './impact.ts';
import { preview } from './preview.ts';
import { resolveChanges } from './resolve.ts';
import { clusterOf, flow, namespace, object, policy, running, template, watched } from './testing/cluster.ts';
import { warningsOf } from './warnings.ts';

const kinds = [
  ...['v1 Pod', 'v1 Service', 'v1 Namespace', 'v1 ResourceQuota', 'v1 LimitRange', 'v1 ConfigMap'],
  ...['apps/v1 Deployment', 'batch/v1 CronJob', 'networking.k8s.io/v1 NetworkPolicy', 'networking.k8s.io/v1 Ingress'],
  ...['rbac.authorization.k8s.io/v1 Role', 'rbac.authorization.k8s.io/v1 ClusterRoleBinding', 'made.up/v1 Thing'],
  ...['admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy', 'defence.rempart.io/v1alpha1 Protection'],
];
const anything = fc.anything({ maxDepth: 3, withNullPrototype: false });
const broken = fc
  .record({
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom('a', 'web', 'pod-security'),
    spec: anything,
    rest: fc.dictionary(fc.constantFrom('rules', 'subjects', 'roleRef', 'data'), anything),
    labels: anything,
  })
  .map(({ kind: text, name, spec, rest, labels }) => {
    const [apiVersion = '', kind = ''] = text.split(' ');
    return { apiVersion, kind, metadata: { namespace: 'shop', name, labels }, spec, ...rest } as unknown as Manifest;
  });

test('whatever stands in a manifest, a preview ends with an answer or with wrong use', async () => {
  const good = [namespace('shop'), ...running('web', 80, ['10.0.0.1']), policy('web', { podSelector: {} })];
  await fc.assert(
    fc.asyncProperty(
      fc.array(broken, { maxLength: 3 }),
      fc.array(broken, { minLength: 1, maxLength: 2 }),
      async (there, wanted) => {
        const at = clusterOf([...good, ...there], { source: 'manifests' });
        const puts = wanted.map((put): Change => ({ put }));
        try {
          const { changes } = await resolveChanges(puts, at);
          preview(at, changes, watched({ flows: [flow('web', 'web', 80)] }), 0);
        } catch (error) {
          assert.ok(error instanceof UsageError, String((error as Error).stack));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a selector of many expressions on many pods ends soon', () => {
  const expressions = Array.from({ length: 5000 }, (_, index) => ({
    key: `k${index}`,
    operator: 'NotIn',
    values: ['x'],
  }));
  const pods = Array.from({ length: 50 }, (_, index) => running(`app-${index}`, 80, [`10.0.1.${index + 1}`])).flat();
  const { impacts } = preview(
    clusterOf([namespace('shop'), ...pods]),
    [{ put: policy('all', { podSelector: { matchExpressions: expressions } }) }],
    watched({ flows: [flow('app-1', 'app-2', 80)] }),
    0,
  );
  assert.equal(impacts[0]!.outcome, 'breaks');
});

test('references in a circle, and owners without end, are followed no further than there is need', () => {
  const a = object('apps/v1', 'Deployment', 'a', { spec: { template: template('a', 1) } });
  a.metadata.ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', uid: a.metadata.uid!, controller: true },
  ];
  assert.doesNotThrow(() =>
    preview(
      clusterOf([a]),
      [{ put: namespace('shop', { 'pod-security.kubernetes.io/enforce': 'baseline' }) }],
      watched({}),
      0,
    ),
  );
});

test('warnings: ten fit, of more the rest is counted, each is short and of printable ASCII', () => {
  const impact = (index: number): Impact => ({
    outcome: 'breaks',
    subject: { type: 'flow', text: `a → ${index}` },
    why: `‮${'x'.repeat(400)}\n`,
    by: [],
  });
  const of = (count: number): Preview => ({
    changes: [],
    undo: [],
    coverage: { judged: {}, windows: [], notAssessed: [] },
    impacts: Array.from({ length: count }, (_, index) => impact(index)),
  });
  assert.equal(warningsOf(of(10), ['breaks']).length, 10);
  const more = warningsOf(of(11), ['breaks']);
  assert.equal(more.length, 11);
  assert.match(more[10]!, /^and 1 more: rempart preview -f/);
  for (const line of more) assert.ok(line.length <= 255 && /^[\x20-\x7e]+$/.test(line), line);
});
