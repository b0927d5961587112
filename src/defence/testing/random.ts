import fc from '../../../test/property.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding, rule } from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { account, clusterOf, namespace, node, pod, secret } from './worlds.ts';

const namespaces = ['a', 'b'];
const names = ['w', 'x', 'y'];
const rbac = 'rbac.authorization.k8s.io';

const rules = [
  rule('get', '', 'secrets', 's'),
  rule('list', '', 'secrets'),
  rule('*', '', '*'),
  rule('create', '', 'pods'),
  rule('create', '', 'pods/exec', 'w'),
  rule('create', '', 'serviceaccounts/token', 'x y'),
  rule('impersonate', '', 'serviceaccounts users groups'),
  rule('bind', rbac, 'clusterroles'),
  rule('create', rbac, 'rolebindings clusterrolebindings'),
  rule('patch', '', 'namespaces', 'a'),
  rule('get', '', 'nodes/proxy'),
  rule('get list watch', '', 'pods'),
];

const place = fc.constantFrom(...namespaces.flatMap((at) => names.map((name) => ({ at, name }))));
const subject = fc.oneof(
  place.map(({ at, name }) => account(at, name)),
  fc.constantFrom(
    { kind: 'User' as const, name: 'anna' },
    { kind: 'Group' as const, name: 'dev' },
    { kind: 'Group' as const, name: 'system:serviceaccounts:a' },
  ),
);
const held = fc.record({
  at: fc.constantFrom('', ...namespaces),
  rules: fc.uniqueArray(fc.constantFrom(...rules), { minLength: 1, maxLength: 3 }),
  subjects: fc.array(subject, { minLength: 1, maxLength: 2 }),
});
const running = fc.record({
  place,
  token: fc.boolean(),
  privileged: fc.boolean(),
  node: fc.constantFrom('n1', 'n2'),
  mounts: fc.boolean(),
});
const policy = fc.record({
  at: fc.constantFrom(...namespaces),
  app: fc.option(fc.constantFrom(...names)),
  from: fc.option(fc.constantFrom(...names)),
});

/** Small clusters in which a few rights, pods and policies meet by chance. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    held: fc.array(held, { maxLength: 4 }),
    pods: fc.uniqueArray(running, { maxLength: 5, selector: ({ place: { at, name } }) => `${at}/${name}` }),
    policies: fc.array(policy, { maxLength: 2 }),
    label: fc.boolean(),
    exposed: fc.option(place),
  })
  .map(({ held, pods, policies, label, exposed }) =>
    clusterOf([
      namespace('a', label ? { 'pod-security.kubernetes.io/enforce': 'baseline' } : {}),
      ...[namespace('b'), node('n1'), node('n2'), secret('a', 's'), secret('b', 's'), secret('b', 't')],
      ...held.flatMap(({ at, rules, subjects }, index) => {
        const id = `held-${index}`;
        return at === ''
          ? [clusterRole(id, rules), clusterRoleBinding(id, id, subjects)]
          : [role(at, id, rules), roleBinding(at, id, id, subjects)];
      }),
      ...pods.map(({ place: { at, name }, token, privileged, node, mounts }, index) =>
        pod(
          at,
          name,
          {
            ...{ nodeName: node, automountServiceAccountToken: token },
            containers: [{ name: 'c', securityContext: { privileged }, ports: [{ containerPort: 8080 }] }],
            ...(mounts ? { volumes: [{ name: 's', secret: { secretName: 's' } }] } : {}),
          },
          `10.0.0.${index + 1}`,
        ),
      ),
      ...policies.map(({ at, app, from }, index) => policyOf(at, `policy-${index}`, app, from)),
      ...(exposed === null ? [] : [serviceOf(exposed.at, exposed.name)]),
    ]),
  );

const policyOf = (at: string, name: string, app: string | null, from: string | null): Manifest => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: at, name } },
  spec: {
    podSelector: app === null ? {} : { matchLabels: { app } },
    ingress: from === null ? [] : [{ from: [{ podSelector: { matchLabels: { app: from } } }] }],
  },
});

const serviceOf = (at: string, name: string): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: at, name } },
  spec: { type: 'LoadBalancer', selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
});
