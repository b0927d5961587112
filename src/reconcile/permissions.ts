import type { PolicyRule } from '../api/rbac/rules.ts';
import { boundRole } from '../api/rbac/write-rule.ts';
import { splitResourceName } from '../client/resources.ts';
import type { Controller, ResourceName } from './controller.ts';

type Declaration = Pick<Controller, 'name' | 'reconciles' | 'reads' | 'writes' | 'grants'>;

const serviceAccountOf = (controllerName: string) => `${controllerName}-controller`;
/** The identity of a controller, as the API server sees it. */
export const usernameOf = (controllerName: string) =>
  `system:serviceaccount:kube-system:${serviceAccountOf(controllerName)}`;

const readVerbs = ['get', 'list', 'watch'];

/**
 * The least a controller needs, derived from its declaration: reading what it reads, writing what it writes, and
 * recording events. Rules with the same group and verbs are one rule.
 */
export function rulesFor({ reconciles, reads, writes, grants = [] }: Omit<Declaration, 'name'>): PolicyRule[] {
  const verbs = new Map<ResourceName, Set<string>>();
  const allow = (resource: ResourceName, some: string[]) => {
    verbs.set(resource, new Set([...(verbs.get(resource) ?? []), ...some]));
  };
  for (const resource of [reconciles, ...reads]) allow(resource, readVerbs);
  for (const [resource, some] of Object.entries(writes)) allow(resource, some);
  allow('events', ['create', 'patch']);
  // what it makes refers to its owner, and blocks the owner's deletion: that is a right over the owner's finalizers
  if (reconciles !== '*' && Object.values(writes).some((some) => some.includes('create')))
    allow(`${reconciles}/finalizers`, ['update']);

  const rules = new Map<string, PolicyRule & { resources: string[] }>();
  for (const [name, some] of verbs) {
    const { group, resource } = ruleTarget(name);
    const list = [...some].sort();
    const key = `${group} ${list}`;
    const rule = rules.get(key) ?? { apiGroups: [group], resources: [], verbs: list };
    rule.resources.push(resource);
    rules.set(key, rule);
  }
  return [...rules.values(), ...grants];
}

/** `deployments.apps/status` is the resource `deployments/status` of group apps; `*` is everything. */
function ruleTarget(name: ResourceName): { group: string; resource: string } {
  if (name === '*') return { group: '*', resource: '*' };
  const [qualified, subresource] = name.split('/') as [string, string | undefined];
  const { group, resource } = splitResourceName(qualified);
  return { group, resource: subresource ? `${resource}/${subresource}` : resource };
}

/** The role and binding that the cluster writes for a controller at every start. */
export function rolesFor(controller: Declaration): ReturnType<typeof boundRole> {
  const account = serviceAccountOf(controller.name);
  const name = `system:controller:${account}`;
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  const holder = { kind: 'ServiceAccount', namespace: 'kube-system', name: account } as const;
  return boundRole({ name, labels }, rulesFor(controller), [holder]);
}
