import type { KubernetesObject } from '../../api/object.ts';
import { rulesOf } from '../../api/rbac/aggregate.ts';
import { describeRule, type PolicyRule, uncovered } from '../../api/rbac/rules.ts';
import { equalJson } from '../../foundation/json.ts';
import type { Authorization } from '../authorization/authorization.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.ts';
import { refusal } from './about.ts';

const group = 'rbac.authorization.k8s.io';
const namedMax = 5;

/**
 * Nobody hands out rights that he does not hold himself (https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 * #privilege-escalation-prevention-and-bootstrapping): writing roles needs all their rules, or the verb `escalate`;
 * writing bindings needs all rules of the role, or the verb `bind` on it.
 */
export const roleEscalation = ({ authorize, rulesFor }: Authorization): AdmissionPlugin => ({
  name: 'RoleEscalation',
  validate(request) {
    const { kind, object, oldObject: old, operation, user, namespace, name, lookup } = request;
    if (kind.group !== group || object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    const may = (verb: string, resource: string, of: string) =>
      authorize({ user, verb, group, version: 'v1', resource, subresource: '', namespace, name: of }).allowed;
    if (kind.resource === 'roles' || kind.resource === 'clusterroles') {
      const same = unchanged(object, old, ['rules', 'aggregationRule']) && !relabelled(kind.resource, object, old);
      if (same || may('escalate', kind.resource, name)) return;
      // whoever chooses what is aggregated chooses any rule there will ever be
      const all: PolicyRule[] = [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ];
      const wanted = object['aggregationRule'] === undefined ? [] : all;
      return requireHeld(request, [...(object['rules'] ?? []), ...wanted], rulesFor(user, namespace));
    }
    if (kind.resource !== 'rolebindings' && kind.resource !== 'clusterrolebindings') return;
    if (unchanged(object, old, ['roleRef', 'subjects'])) return;
    const { kind: roleKind, name: roleName } = object['roleRef'];
    const ofCluster = roleKind === 'ClusterRole';
    if (may('bind', ofCluster ? 'clusterroles' : 'roles', roleName)) return;
    const role = lookup.get(`${ofCluster ? 'clusterroles' : 'roles'}.${group}`, ofCluster ? '' : namespace, roleName);
    if (role === undefined)
      throw refusal(
        request,
        `${roleKind} "${roleName}" not found: binding a role that does not exist yet needs the verb bind`,
      );
    const rules = ofCluster ? rulesOf(role, lookup.list(`clusterroles.${group}`)) : (role['rules'] ?? []);
    requireHeld(request, rules, rulesFor(user, namespace));
  },
});

/** The garbage collector and others may change metadata without holding the rules. */
function unchanged(object: KubernetesObject, old: KubernetesObject | undefined, fields: string[]): boolean {
  return old !== undefined && fields.every((field) => JSON.stringify(object[field]) === JSON.stringify(old[field]));
}

/** A label can put a role's rules into one that aggregates: whoever holds that one would be given them. */
const relabelled = (resource: string, object: KubernetesObject, old: KubernetesObject | undefined): boolean =>
  resource === 'clusterroles' && !equalJson(object.metadata.labels ?? {}, old?.metadata.labels ?? {});

function requireHeld(request: AdmissionRequest, wanted: PolicyRule[], held: PolicyRule[]): void {
  let missing: PolicyRule[];
  try {
    missing = uncovered(wanted, held);
  } catch (error) {
    throw refusal(request, (error as Error).message);
  }
  if (missing.length === 0) return;
  const { username, groups } = request.user;
  const list = missing.slice(0, namedMax).map(describeRule).join('\n');
  const more = missing.length > namedMax ? `\nand ${missing.length - namedMax} more` : '';
  const who = `user "${username}" (groups=${JSON.stringify(groups)})`;
  throw refusal(request, `${who} is attempting to grant RBAC permissions not currently held:\n${list}${more}`);
}
