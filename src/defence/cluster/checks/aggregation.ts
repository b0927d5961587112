import type { PolicyRule } from '../../../api/rbac/rules.ts';
import { type Check, failOn, type Manifest, notApplicable } from '../../contract.ts';
import { exampleRole, type Right, ruleGives } from '../role-rights.ts';

const prefix = 'rbac.authorization.k8s.io/aggregate-to-';
const rbac = 'rbac.authorization.k8s.io';
const reading = new Set(['get', 'list', 'watch']);

/** What none of the three roles for people may do by itself. */
const beyond: Right[] = [
  { group: rbac, resource: 'roles', verbs: ['escalate', 'bind'] },
  { group: rbac, resource: 'clusterroles', verbs: ['escalate', 'bind'] },
  { group: '', resource: 'users', verbs: ['impersonate'] },
  { group: '', resource: 'groups', verbs: ['impersonate'] },
  { group: '', resource: 'nodes/proxy', verbs: ['get', 'create'] },
];

const labelled = (to: string, rule: Partial<PolicyRule>): Manifest => {
  const role = exampleRole(rule);
  return { ...role, metadata: { ...role.metadata, labels: { [`${prefix}${to}`]: 'true' } } };
};

export const aggregation: Check = {
  id: 'rbac/aggregation',
  level: 'cluster',
  severity: 'high',
  title: 'What is added to view, edit and admin is no more than their names say',
  kinds: [`ClusterRole.${rbac}`],
  why: 'the label hands the rules to everybody who is bound to that role, in every namespace, without a binding',
  mend: 'take the label away and bind the role to those who need it',
  benchmark: ['CIS 5.1.8', 'NSA authentication and authorization'],
  examples: {
    pass: [
      [labelled('view', { apiGroups: ['shop.example'], resources: ['orders'], verbs: ['get', 'list'] })],
      [labelled('edit', { apiGroups: ['shop.example'], resources: ['orders'], verbs: ['create', 'delete'] })],
    ],
    fail: [
      [labelled('view', { apiGroups: ['shop.example'], resources: ['orders'], verbs: ['update'] })],
      [labelled('view', { resources: ['secrets'], verbs: ['get'] })],
      [labelled('edit', { resources: ['groups'], verbs: ['impersonate'] })],
      [labelled('admin', { resources: ['*'], verbs: ['*'] })],
    ],
  },
  judge(object, _context) {
    const labels = object.metadata.labels ?? {};
    const targets = ['view', 'edit', 'admin'].filter((name) => labels[`${prefix}${name}`] === 'true');
    if (targets.length === 0) return notApplicable;
    const rules = (object['rules'] ?? []) as PolicyRule[];
    return failOn(
      rules.flatMap((rule, index) => {
        const why = offence(rule, targets);
        const detail = `everybody with ${targets.join(', ')} ${why}`;
        return why === undefined ? [] : [{ field: ['rules', index], reason: 'more than the role is for', detail }];
      }),
    );
  },
};

function offence(rule: PolicyRule, targets: string[]): string | undefined {
  const right = beyond.find((each) => ruleGives(rule, each));
  if (right)
    return `gets ${right.verbs.filter((verb) => rule.verbs.includes(verb) || rule.verbs.includes('*')).join(', ')} on ${right.resource}`;
  if (!targets.includes('view')) return undefined;
  if (ruleGives(rule, { group: '', resource: 'secrets', verbs: [...reading] })) return 'reads secrets';
  return rule.verbs.every((verb) => reading.has(verb)) ? undefined : 'may change, not only view';
}
