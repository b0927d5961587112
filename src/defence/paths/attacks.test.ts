import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import { serviceAccountUser } from '../../api/rbac/identity.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import { clusterRole, clusterRoleBinding, rule } from '../../api/rbac/write-rule.ts';
import type { UserInfo } from '../../api/user.ts';
import {
  type DefendedServer,
  grant,
  master,
  namespace,
  pod,
  serviceAccount,
  startDefended,
} from '../../server/testing/defended.ts';
import type { Manifest } from '../contract.ts';
import { clusterOf, node } from '../testing/worlds.ts';
import { findPaths } from './paths.ts';

const rbac = 'rbac.authorization.k8s.io';
const roles = `/apis/${rbac}/v1`;
const robot: UserInfo = { username: 'robot', groups: ['system:authenticated'] };
const secret = (where: string, name: string): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: where, name } },
});
const privileged = pod('root', {}, { securityContext: { privileged: true } });
const bindTo = (name: string, where?: string) => ({
  ...{
    apiVersion: `${rbac}/v1`,
    kind: where ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: { name: 'mine', namespace: where },
  },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
  subjects: [{ apiGroup: rbac, kind: 'User', name: 'robot' }],
});
const mergePatch = 'application/merge-patch+json';
const label = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } };

/** Does the user get there, by really doing it? */
type Attack = (server: DefendedServer) => Promise<boolean>;
const done = async (answer: Promise<{ code: number }>) => (await answer).code < 300;
const reads = (server: DefendedServer, where: string, user = robot) =>
  done(server.ask(user, 'GET', `/namespaces/${where}/secrets/one`));

const bindEverywhere: Attack = async (server) => {
  await server.ask(robot, 'POST', `${roles}/clusterrolebindings`, bindTo('cluster-admin'));
  return reads(server, 'kube-system');
};
const bindThere: Attack = async (server) => {
  await server.ask(robot, 'POST', `${roles}/namespaces/a/rolebindings`, bindTo('cluster-admin', 'a'));
  return reads(server, 'a');
};
const escalateOwn: Attack = async (server) => {
  const rules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  await server.ask(robot, 'PATCH', `${roles}/clusterroles/robot`, { rules }, mergePatch);
  return reads(server, 'kube-system');
};
const escalateThere: Attack = async (server) => {
  const rules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  await server.ask(robot, 'PATCH', `${roles}/namespaces/a/roles/robot`, { rules }, mergePatch);
  return reads(server, 'a');
};
const takeToken: Attack = async (server) => {
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  if (!(await done(server.ask(robot, 'POST', '/namespaces/a/serviceaccounts/boss/token', request)))) return false;
  return reads(server, 'kube-system', serviceAccountUser('a', 'boss'));
};
const bindAndTake: Attack = async (server) => {
  await bindThere(server);
  return takeToken(server);
};
const runPrivileged: Attack = (server) => done(server.ask(robot, 'POST', '/namespaces/a/pods', privileged));
const unlabelAndRun: Attack = async (server) => {
  await server.ask(robot, 'PATCH', '/namespaces/a', label, mergePatch);
  return runPrivileged(server);
};

const bind = rule('bind', rbac, 'clusterroles');
const bindings = rule('create', rbac, 'clusterrolebindings');
const here = rule('create', rbac, 'rolebindings');
const tokens = (name: string) => rule('create', '', 'serviceaccounts/token', name);

const cases: [
  what: string,
  rules: PolicyRule[],
  where: string | undefined,
  to: string,
  attack: Attack,
  gets: boolean,
  boss?: 'boss',
][] = [
  ['binds itself to cluster-admin', [bind, bindings], undefined, 'cluster-admin', bindEverywhere, true],
  ['may bind, but writes no bindings', [bind], undefined, 'cluster-admin', bindEverywhere, false],
  ['writes bindings, but may not bind', [bindings], undefined, 'cluster-admin', bindEverywhere, false],
  ['binds itself in one namespace', [bind, here], 'a', 'secrets:a', bindThere, true],
  [
    'binds itself there, next to an account of cluster-admin',
    [bind, here],
    'a',
    'cluster-admin',
    bindAndTake,
    true,
    'boss',
  ],
  ['binds itself there, with nobody beside', [bind, here], 'a', 'cluster-admin', bindAndTake, false],
  [
    'escalates the role it holds',
    [rule('escalate patch', rbac, 'clusterroles')],
    undefined,
    'cluster-admin',
    escalateOwn,
    true,
  ],
  [
    'escalates the Role that it holds in a namespace',
    [rule('escalate patch', rbac, 'roles')],
    'a',
    'secrets:a',
    escalateThere,
    true,
  ],
  ['changes that Role without escalate', [rule('patch', rbac, 'roles')], 'a', 'secrets:a', escalateThere, false],
  [
    'changes roles without escalate',
    [rule('patch', rbac, 'clusterroles')],
    undefined,
    'cluster-admin',
    escalateOwn,
    false,
  ],
  ['takes the token of another account', [tokens('boss')], 'a', 'cluster-admin', takeToken, true, 'boss'],
  ['takes tokens of others only', [tokens('clerk')], 'a', 'cluster-admin', takeToken, false, 'boss'],
  ['reads one Secret', [rule('get', '', 'secrets', 'one')], 'a', 'secret:a/one', (server) => reads(server, 'a'), true],
  [
    'reads another one',
    [rule('get', '', 'secrets', 'two')],
    'a',
    'secret:a/one',
    (server) => reads(server, 'a'),
    false,
  ],
  ['runs a privileged pod', [rule('create', '', 'pods')], 'a', 'nodes', runPrivileged, false],
  [
    'changes its namespace first',
    [rule('create', '', 'pods'), rule('patch', '', 'namespaces')],
    'a',
    'nodes',
    unlabelAndRun,
    true,
  ],
];

for (const [what, rules, where, to, attack, gets, boss] of cases)
  test(`on a real server, whoever ${what} ${gets ? 'gets' : 'does not get'} to ${to}, as its path says`, async () => {
    const server = await startDefended();
    try {
      const objects: Manifest[] = [
        ...[
          serviceAccount('a', 'boss'),
          serviceAccount('a', 'clerk'),
          secret('a', 'one'),
          secret('kube-system', 'one'),
        ],
        clusterRole('cluster-admin', [rule('*', '*', '*')]),
        ...(boss
          ? [clusterRoleBinding('boss', 'cluster-admin', [{ kind: 'ServiceAccount', namespace: 'a', name: boss }])]
          : []),
        ...grant('robot', rules, where),
      ];
      await server.make(...objects);
      const snapshot = clusterOf([namespace('a'), namespace('kube-system'), node('n1'), ...objects], {
        closedByDefault: true,
      });
      const told = findPaths(snapshot, 'user:robot', to, noObservations()).paths.length > 0;
      assert.equal(await attack(server), gets, 'what the server did');
      assert.equal(told, gets, 'what the path says');
      assert.ok(await reads(server, 'kube-system', master));
    } finally {
      await server.stop();
    }
  });
