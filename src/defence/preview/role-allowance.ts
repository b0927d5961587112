import type { Call } from '../../api/observations/observation.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import { subjectOfUser } from '../../api/rbac/subject.ts';
import { boundRole } from '../../api/rbac/write-rule.ts';
import type { Allowance } from './impact.ts';

const nameLengthMax = 63;

/** The smallest role for these calls of one user in one namespace, and its binding. */
export function roleAllowance(calls: Call[]): Allowance | undefined {
  const [first] = calls;
  if (first === undefined) return undefined;
  const { user, namespace } = first;
  const name = `allow-${user
    .split(':')
    .at(-1)!
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, nameLengthMax);
  const { role, binding } = boundRole({ name, namespace }, rulesFor(calls), [subjectOfUser(user)]);
  const text = `${role.kind} and ${binding.kind} ${name} for exactly these calls`;
  return { text, changes: [{ put: role }, { put: binding }] };
}

/** One rule per resource, with the verbs that were seen. */
function rulesFor(calls: Call[]): PolicyRule[] {
  const place = ({ group, resource, subresource, path }: Call) => JSON.stringify([group, resource, subresource, path]);
  return [...Map.groupBy(calls, place).values()].map((same) => {
    const verbs = [...new Set(same.map(({ verb }) => verb))].sort();
    const { group, resource, subresource, path } = same[0]!;
    if (resource === '') return { nonResourceURLs: [path], verbs };
    return { apiGroups: [group], resources: [subresource === '' ? resource : `${resource}/${subresource}`], verbs };
  });
}
