import { rulesOf } from '../../../api/rbac/aggregate.ts';
import type { PolicyRule } from '../../../api/rbac/rules.ts';
import { describeSubject } from '../../../api/rbac/subject.ts';
import { userRoles } from '../../../api/rbac/user-roles.ts';
import { type Check, type Finding, failOn, type JudgeContext, type Manifest, notAssessed } from '../../contract.ts';
import { oncePerKinds } from '../../snapshot/once.ts';
import { isComponent, keyOf, keysOf, subjectsOf } from '../account-rights.ts';
import {
  change,
  exampleBinding,
  exampleRole,
  makingPods,
  ofEveryCluster,
  type Right,
  ruleGives,
} from '../role-rights.ts';

const rbac = 'rbac.authorization.k8s.io';
/** Who has one right of each list may do everything, by one or two steps. */
const together: Right[][] = [
  [{ group: '', resource: 'secrets', verbs: ['get', 'list', 'watch'] }],
  makingPods.map((right) => ({ ...right, verbs: ['create'] })),
  [
    { group: rbac, resource: 'clusterrolebindings', verbs: change },
    { group: rbac, resource: 'clusterroles', verbs: ['escalate', 'bind'] },
    { group: '', resource: 'groups', verbs: ['impersonate'] },
  ],
];

const all = together.map((_, part) => part);

/** Which parts of `together` rules give. Rules limited to names give none. */
const partsOf = (rules: PolicyRule[]): number[] =>
  all.filter((part) =>
    rules.some((rule) => !rule.resourceNames?.length && together[part]!.some((right) => ruleGives(rule, right))),
  );

type Held = { parts: Set<number>; missing: Set<string> };

/** What all ClusterRoleBindings together give to each subject, and the roles of which the manifests do not tell. */
const heldEverywhere = oncePerKinds(
  [`ClusterRoleBinding.${rbac}`, `ClusterRole.${rbac}`],
  ({ of, source }: JudgeContext): Map<string, Held> => {
    const given = of(`ClusterRole.${rbac}`);
    const names = new Set(given.map(({ metadata }) => metadata.name));
    const isManifests = source === 'manifests';
    const roles = isManifests ? [...given, ...userRoles.filter(({ metadata }) => !names.has(metadata.name))] : given;
    const parts = new Map(roles.map((role) => [role.metadata.name, partsOf(rulesOf(role, roles))]));
    const held = new Map<string, Held>();
    for (const binding of of(`ClusterRoleBinding.${rbac}`)) {
      const name = String(binding['roleRef']?.name);
      // rbac/cluster-admin tells of that one.
      if (name === 'cluster-admin') continue;
      const isMissing = isManifests && !parts.has(name) && !ofEveryCluster.test(name);
      for (const key of subjectsOf(binding).map(keyOf)) {
        const known = held.get(key) ?? { parts: new Set(), missing: new Set() };
        for (const part of parts.get(name) ?? []) known.parts.add(part);
        if (isMissing) known.missing.add(name);
        held.set(key, known);
      }
    }
    return held;
  },
);

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
    // rbac/cluster-admin tells of that one, and component roles are for components.
    if (binding['roleRef']?.name === 'cluster-admin') return failOn([]);
    const known = heldEverywhere(context);
    const findings: Finding[] = [];
    const missing = new Set<string>();
    for (const [index, subject] of subjectsOf(binding).entries()) {
      if (isComponent(subject)) continue;
      const held = keysOf(subject).flatMap((key) => known.get(key) ?? []);
      if (all.every((part) => held.some(({ parts }) => parts.has(part)))) {
        const detail = `${describeSubject(subject)} reads all secrets, creates pods and hands out rights`;
        findings.push({ field: ['subjects', index], reason: 'as good as cluster-admin', detail });
      }
      for (const each of held) for (const name of each.missing) missing.add(name);
    }
    const [name] = missing;
    if (findings.length === 0 && name !== undefined)
      return notAssessed(`what ClusterRole ${name} allows is not known: it is not among the manifests`);
    return failOn(findings);
  },
};
