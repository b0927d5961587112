import { describeSubject, type Subject } from '../../../api/rbac/subject.ts';
import { type Check, type Finding, failOn, type Manifest } from '../../contract.ts';
import { clusterRules, subjectsOf } from '../account-rights.ts';
import { exampleBinding, exampleRole, type Right, ruleGives } from '../role-rights.ts';

const rbac = 'rbac.authorization.k8s.io';
/** Who has one right of each list may do everything, by one or two steps. */
const together: Right[][] = [
  [{ group: '', resource: 'secrets', verbs: ['get', 'list', 'watch'] }],
  [{ group: '', resource: 'pods', verbs: ['create'] }],
  [
    { group: rbac, resource: 'clusterrolebindings', verbs: ['create', 'update', 'patch'] },
    { group: rbac, resource: 'clusterroles', verbs: ['escalate', 'bind'] },
    { group: '', resource: 'groups', verbs: ['impersonate'] },
  ],
];

const robot = { kind: 'ServiceAccount', namespace: 'shop', name: 'robot' };
const named = (object: Manifest, name: string): Manifest => ({ ...object, metadata: { ...object.metadata, name } });
const everything = named(exampleRole({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }), 'everything');
const reader = named(exampleRole({ resources: ['secrets', 'pods'], verbs: ['list', 'create'] }), 'reader');
const binder = named(
  exampleRole({ apiGroups: [rbac], resources: ['clusterrolebindings'], verbs: ['create'] }),
  'binder',
);
const labels = { 'example.com/part': 'yes' };
const collected: Manifest = {
  ...named(exampleRole({}), 'collected'),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
};

/** Components of a cluster are what they are; people and pods in groups of everybody are none. */
const isComponent = (subject: Subject): boolean =>
  subject.kind === 'ServiceAccount'
    ? subject.namespace === 'kube-system'
    : /^(system|rempart):(?!serviceaccounts\b|(un)?authenticated$|anonymous$)/.test(subject.name);

export const allPowerful: Check = {
  id: 'rbac/all-powerful',
  level: 'cluster',
  severity: 'critical',
  title: 'Nobody is cluster-admin by other names',
  kinds: [`ClusterRoleBinding.${rbac}`],
  why: 'roles that are harmless one by one are cluster-admin together, and nobody looks for it there',
  mend: 'give each task a ServiceAccount of its own, with the role of that task only',
  benchmark: ['CIS 5.1.1', 'NSA authentication and authorization'],
  examples: {
    pass: [[exampleBinding(robot, 'reader'), reader]],
    fail: [
      [exampleBinding(robot, 'everything'), everything],
      [exampleBinding({ kind: 'User', name: 'system:serviceaccount:shop:robot' }, 'everything'), everything],
      [exampleBinding({ kind: 'Group', name: 'system:serviceaccounts:shop' }, 'everything'), everything],
      [exampleBinding(robot, 'collected'), collected, { ...everything, metadata: { name: 'part', labels } }],
      [exampleBinding(robot, 'reader'), reader, binder, named(exampleBinding(robot, 'binder'), 'second')],
    ],
  },
  judge(binding, context) {
    const { roleRef } = binding;
    // rbac/cluster-admin tells of that one, and component roles are for components.
    if (roleRef?.name === 'cluster-admin') return failOn([]);
    const findings: Finding[] = [];
    for (const [index, subject] of subjectsOf(binding).entries()) {
      if (isComponent(subject)) continue;
      const rules = clusterRules(subject, context).filter(({ resourceNames }) => !resourceNames?.length);
      if (!together.every((rights) => rights.some((right) => rules.some((rule) => ruleGives(rule, right))))) continue;
      const detail = `${describeSubject(subject)} reads all secrets, creates pods and hands out rights`;
      findings.push({ field: ['subjects', index], reason: 'as good as cluster-admin', detail });
    }
    return failOn(findings);
  },
};
