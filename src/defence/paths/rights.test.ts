import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import { clusterRole, rule, userGroup } from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import { account, clusterOf, heldEverywhere, heldIn, namespace, node, pod } from '../testing/worlds.ts';
import { pathsToSubjects } from './detours.ts';
import { findPaths } from './paths.ts';
import { easiest, ground, robot } from './testing/easiest.ts';

const rbac = 'rbac.authorization.k8s.io';
const certificates = 'certificates.k8s.io';
const approving = (signer: string) => [
  rule('approve', certificates, 'signers', signer),
  rule('create', certificates, 'certificatesigningrequests'),
  rule('update', certificates, 'certificatesigningrequests/approval'),
];

const rights: [what: string, objects: Manifest[], to: string, expected: string][] = [
  [
    'reads Secrets',
    heldIn('a', 'r', [rule('list', '', 'secrets')], robot),
    'secret:a/one',
    'every Secret of namespace a > Secret a/one (1)',
  ],
  [
    'reads one Secret',
    heldIn('a', 'r', [rule('get', '', 'secrets', 'one')], robot),
    'secret:a/one',
    'Secret a/one (1)',
  ],
  ['not another one', heldIn('a', 'r', [rule('get', '', 'secrets', 'two')], robot), 'secrets', 'none'],
  ['not of other namespaces', heldIn('a', 'r', [rule('get', '', 'secrets')], robot), 'secret:b/two', 'none'],
  ['a named create gives nothing', heldIn('a', 'r', [rule('create', '', 'pods', 'x')], robot), 'secrets', 'none'],
  [
    'creates pods',
    heldIn('a', 'r', [rule('create', '', 'pods')], robot),
    'secret:a/one',
    'every Secret of namespace a > Secret a/one (2)',
  ],
  [
    'creates pods of an account that a binding names as a user',
    [
      ...heldIn('a', 'r', [rule('create', '', 'pods')], robot),
      ...heldIn('b', 's', [rule('get', '', 'secrets')], { kind: 'User', name: 'system:serviceaccount:a:unseen' }),
    ],
    'secret:b/two',
    'ServiceAccount a/unseen > every Secret of namespace b > Secret b/two (3)',
  ],
  ['privileged pods', heldIn('a', 'r', [rule('patch', 'apps', 'daemonsets')], robot), 'node:n2', 'node n2 (2)'],
  [
    'asks for tokens',
    [
      ...heldIn('a', 'r', [rule('create', '', 'serviceaccounts/token', 'boss')], robot),
      ...heldIn('b', 's', [rule('get', '', 'secrets')], account('a', 'boss')),
    ],
    'secrets:b',
    'ServiceAccount a/boss > every Secret of namespace b (2)',
  ],
  [
    'impersonates',
    [
      ...heldEverywhere('r', [rule('impersonate', '', 'users', 'anna')], robot),
      ...heldIn('b', 's', [rule('get', '', 'secrets')], { kind: 'User', name: 'anna' }),
    ],
    'secrets:b',
    'user anna > every Secret of namespace b (2)',
  ],
  ['groups need a user, too', heldEverywhere('r', [rule('impersonate', '', 'groups')], robot), 'cluster-admin', 'none'],
  [
    'any group',
    heldEverywhere('r', [rule('impersonate', '', 'groups users')], robot),
    'cluster-admin',
    'cluster-admin (1)',
  ],
  ['bind alone', heldEverywhere('r', [rule('bind', rbac, 'clusterroles')], robot), 'cluster-admin', 'none'],
  [
    'bind',
    heldEverywhere('r', [rule('bind', rbac, 'clusterroles'), rule('create', rbac, 'clusterrolebindings')], robot),
    'cluster-admin',
    'cluster-admin (1)',
  ],
  [
    'bind what is harmless',
    [
      clusterRole('look', [rule('get', '', 'pods')]),
      ...heldEverywhere(
        'r',
        [rule('bind', rbac, 'clusterroles', 'look'), rule('create', rbac, 'clusterrolebindings')],
        robot,
      ),
    ],
    'cluster-admin',
    'none',
  ],
  [
    'bind what is not, though nobody holds it',
    [
      clusterRole('all', [rule('*', '*', '*')]),
      ...heldEverywhere(
        'r',
        [rule('bind', rbac, 'clusterroles', 'all'), rule('create', rbac, 'clusterrolebindings')],
        robot,
      ),
    ],
    'cluster-admin',
    'cluster-admin (2)',
  ],
  [
    'bind in one namespace',
    heldIn('a', 'r', [rule('bind', rbac, 'clusterroles'), rule('create', rbac, 'rolebindings')], robot),
    'secrets:a',
    'every Secret of namespace a (2)',
  ],
  [
    'escalate',
    heldEverywhere('r', [rule('escalate patch', rbac, 'clusterroles')], robot),
    'cluster-admin',
    'cluster-admin (1)',
  ],
  [
    'escalate in the Role that it holds',
    heldIn('a', 'r', [rule('escalate patch', rbac, 'roles')], robot),
    'secret:a/one',
    'Secret a/one (2)',
  ],
  [
    'not when a ClusterRole gives it, which is no Role of the namespace',
    [
      clusterRole('c', [rule('escalate patch', rbac, 'roles')]),
      { ...heldIn('a', 'c', [], robot)[1]!, roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'c' } },
    ],
    'secrets',
    'none',
  ],
  ['nodes/proxy', heldEverywhere('r', [rule('get', '', 'nodes/proxy')], robot), 'node:n2', 'node n2 (1)'],
  [
    'one signer that matters',
    heldEverywhere('r', approving('kubernetes.io/kube-apiserver-client'), robot),
    'cluster-admin',
    'cluster-admin (2)',
  ],
  ['one that does not', heldEverywhere('r', approving('example.com/mine'), robot), 'cluster-admin', 'none'],
  [
    'webhooks',
    heldEverywhere('r', [rule('patch', 'admissionregistration.k8s.io', 'mutatingwebhookconfigurations')], robot),
    'cluster-admin',
    'cluster-admin (3)',
  ],
  [
    'volumes, with pods of another binding',
    [
      ...heldEverywhere('v', [rule('create', '', 'persistentvolumes')], robot),
      ...heldIn('b', 'p', [rule('create', '', 'pods')], robot),
    ],
    'node:n1',
    'node n1 (2)',
  ],
  [
    'by its group',
    heldEverywhere('r', [rule('get', '', 'secrets')], userGroup('system:serviceaccounts:a')),
    'secrets:b',
    'group system:serviceaccounts:a > every Secret of namespace b (1)',
  ],
  ['everything there', heldIn('a', 'r', [rule('*', '*', '*')], robot), 'secret:b/two', 'none'],
];

for (const [what, objects, to, expected] of rights)
  test(`from rights: ${what}`, () => {
    const shown = expected.replaceAll(/every (Secret|pod) of namespace \w > (?=Secret)/g, '');
    assert.equal(
      easiest([...ground, ...objects], 'sa:a/robot', to),
      expected === 'none' ? 'none' : `ServiceAccount a/robot > ${shown}`,
    );
  });

test('what admits privileged pods decides whether creating pods leads to nodes', () => {
  const rules = [rule('create', '', 'pods')];
  const label = { 'pod-security.kubernetes.io/enforce': 'baseline' };
  const objects = [node('n1'), ...heldIn('a', 'r', rules, robot)];
  assert.match(easiest([namespace('a'), ...objects], 'sa:a/robot', 'nodes'), /node n1/);
  assert.equal(easiest([namespace('a', label), ...objects], 'sa:a/robot', 'nodes'), 'none');
  assert.equal(easiest([namespace('a'), ...objects], 'sa:a/robot', 'nodes', true), 'none');
  const both = [...objects, ...heldEverywhere('n', [rule('patch', '', 'namespaces')], robot)];
  assert.match(easiest([namespace('a', label), ...both], 'sa:a/robot', 'nodes'), /node n1/);
});

test('who applies objects of names that a rule allows creates them: with patch, and not without', () => {
  const found = (verbs: string) =>
    easiest(
      [...ground, ...heldIn('a', 'r', [rule(verbs, '', 'pods', 'mine')], account('a', 'api'))],
      'sa:a/api',
      'secrets:a',
    );
  assert.equal(found('create get'), 'none');
  assert.match(found('create patch'), /every Secret of namespace a/);
  const apart = heldIn('a', 'r', [rule('create', '', 'pods', 'mine'), rule('patch', '', 'pods', 'mine')], robot);
  assert.equal(
    easiest([...ground, ...apart], 'sa:a/robot', 'secret:a/one'),
    'ServiceAccount a/robot > Secret a/one (2)',
  );
});

test('to read pods/exec is to execute until 1.34; since then it takes create, too', () => {
  const reads = [...ground, pod('a', 'web'), ...heldIn('a', 'r', [rule('get', '', 'pods/exec')], robot)];
  const found = (minor: number) =>
    findPaths(clusterOf(reads, { minor }), 'sa:a/robot', 'pod:a/web', noObservations()).paths.length;
  assert.deepEqual([34, 35].map(found), [1, 0]);
});

test('who becomes somebody by detours', () => {
  const objects = [
    ...ground,
    ...heldIn('a', 'r', [rule('create', '', 'pods/exec')], robot),
    pod('a', 'boss', { automountServiceAccountToken: true }),
  ];
  const found = pathsToSubjects(clusterOf(objects), [{ kind: 'ServiceAccount', namespace: 'a', name: 'boss' }]);
  assert.deepEqual(
    found.map(({ from, cost }) => `${from} ${cost}`),
    ['Pod a/boss 1', 'ServiceAccount a/robot 2'],
  );
});

test('acting as others for some verbs is not followed, and told where the API server knows it', () => {
  const rules = [
    rule('impersonate:user-info', 'authentication.k8s.io', 'users', 'anna'),
    rule('impersonate-on:user-info:list', '', 'secrets'),
  ];
  const told = (more: { closedByDefault?: boolean; minor?: number }) =>
    findPaths(
      clusterOf([...ground, ...heldEverywhere('r', rules, robot)], more),
      'sa:a/robot',
      'secrets',
      noObservations(),
    ).notAssessed.filter((line) => line.includes('impersonate-on'));
  assert.deepEqual(told({}), ['ClusterRole r: whom its holders act as, for the verbs that it names (impersonate-on)']);
  assert.deepEqual([...told({ minor: 35 }), ...told({ closedByDefault: true })], []);
});
