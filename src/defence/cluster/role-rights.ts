import { type PolicyRule, resourceMatches } from '../../api/rbac/rules.ts';
import {
  type Check,
  type Finding,
  failOn,
  type JudgeContext,
  type Manifest,
  notAssessed,
  type Severity,
} from '../contract.ts';
import { roleKinds } from '../snapshot/roles.ts';

/** Some verbs on one resource, `subresource` after a slash: `pods/exec`. Any of the verbs is enough. */
export type Right = {
  group: string;
  resource: string;
  verbs: string[];
  /** The last minor version of Kubernetes 1 in which the verbs are enough. */
  untilMinor?: number;
  /** Acting as somebody else for some verbs of some resources: not in older versions, nor on our clusters. */
  constrained?: true;
};

/** ConstrainedImpersonation is on since then. */
export const constrainedImpersonationSince = 36;

/**
 * Until then `get` is enough to execute over a WebSocket; later API servers ask for `create` as well
 * (AuthorizePodWebsocketUpgradeCreatePermission, on since 1.35).
 */
export const lastExecByGet = 34;

/** Names of ClusterRoles that every cluster has. */
export const ofEveryCluster = /^(system:|cluster-admin$|admin$|edit$|view$)/;

/** The verbs that write an object. */
export const change = ['create', 'update', 'patch'];

/** Any of them decides what some pod runs. */
export const makingPods: Right[] = [
  { group: '', resource: 'pods', verbs: change },
  ...['deployments', 'daemonsets', 'statefulsets', 'replicasets'].map(
    (resource): Right => ({ group: 'apps', resource, verbs: change }),
  ),
  { group: '', resource: 'replicationcontrollers', verbs: change },
  // What a Job runs never changes.
  { group: 'batch', resource: 'jobs', verbs: ['create'] },
  { group: 'batch', resource: 'cronjobs', verbs: change },
];

const overlaps = (list: string[] | undefined, wanted: string[]) => wanted.some((item) => list?.includes(item));

/** Does the rule give the right, by name or by wildcard? Rules limited to names give it for these only. */
export function ruleGives(rule: PolicyRule, { group, resource, verbs }: Right): boolean {
  const [name = '', subresource = ''] = resource.split('/');
  return (
    overlaps(rule.verbs, [...verbs, '*']) &&
    overlaps(rule.apiGroups, [group, '*']) &&
    resourceMatches(rule.resources, name, subresource)
  );
}

/**
 * Of the names to which a rule is limited, those of which its holder may create an object. A POST asks without a name,
 * and no such rule allows that; an apply that makes its object asks with it, and needs `patch` of that name as well.
 */
export function namesToCreate(rule: PolicyRule, rules: PolicyRule[], right: Omit<Right, 'verbs'>): string[] {
  const patching = rules.filter((each) => ruleGives(each, { ...right, verbs: ['patch'] }));
  return (rule.resourceNames ?? []).filter((name) =>
    patching.some(({ resourceNames }) => !resourceNames?.length || resourceNames.includes(name)),
  );
}

export function exampleRole(rule: Partial<PolicyRule>, kind = 'ClusterRole'): Manifest {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name: 'example', ...(kind === 'Role' ? { namespace: 'shop' } : {}) },
    rules: [{ apiGroups: [''], resources: ['services'], verbs: ['get'], ...rule }],
  };
}

export function exampleBinding(subject: Record<string, string>, role = 'view', kind = 'ClusterRoleBinding'): Manifest {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name: 'example', ...(kind === 'RoleBinding' ? { namespace: 'shop' } : {}) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [subject as any],
  };
}

type RightCheck = Pick<Check, 'id' | 'title' | 'why' | 'mend' | 'benchmark'> & {
  severity: Severity;
  rights: Right[];
  /** Only ClusterRoles: the resource is not of a namespace. */
  clusterOnly?: boolean;
  /** A rule that is limited to these names by resourceNames is no offence. */
  namedIsFine?: boolean;
};

/** A check that no role gives one of some rights. It judges what the role could do, bound or not. */
export function rightCheck({ rights, clusterOnly, namedIsFine, ...check }: RightCheck): Check {
  const kinds = clusterOnly ? roleKinds.slice(1) : roleKinds;
  const { group, resource, verbs } = rights[0]!;
  const bad = { apiGroups: [group], resources: [resource], verbs: [verbs[0]!] };
  return {
    ...check,
    level: 'cluster',
    kinds,
    examples: {
      pass: [[exampleRole({})], [exampleRole({ ...bad, verbs: ['watch-nothing'] })]],
      fail: [[exampleRole(bad)], [exampleRole({ ...bad, resources: ['*'], verbs: ['*'] })]],
    },
    judge(object, context) {
      if (object['aggregationRule'] && context.source === 'manifests')
        return notAssessed('the rules of an aggregated role are put together in the cluster');
      const findings: Finding[] = [];
      for (const [index, rule] of ((object['rules'] ?? []) as PolicyRule[]).entries()) {
        if (namedIsFine && rule.resourceNames?.length) continue;
        const given = rights.filter((right) => countsIn(right, rule, context) && ruleGives(rule, right));
        if (given.length === 0) continue;
        const detail = given.map((right) => `${givenVerbs(rule, right)} on ${right.resource}`).join('; ');
        const reason = check.title.replace(/^No role/, 'the role');
        const milder = given.every(({ constrained }) => constrained) ? { severity: 'high' as const } : {};
        findings.push({ field: ['rules', index], reason, detail, ...milder });
      }
      return failOn(findings);
    },
  };
}

/** Acting as one named user, for some verbs, is what constrained impersonation is for. */
function countsIn(
  { untilMinor, constrained }: Right,
  { resourceNames }: PolicyRule,
  { minor, closedByDefault }: JudgeContext,
): boolean {
  if (constrained && (minor < constrainedImpersonationSince || closedByDefault || resourceNames?.length)) return false;
  return minor <= (untilMinor ?? minor);
}

const givenVerbs = (rule: PolicyRule, { verbs }: Right) =>
  rule.verbs.includes('*') ? 'every verb (*)' : verbs.filter((verb) => rule.verbs.includes(verb)).join(', ');
