import { builtInResources } from '../../client/resources.ts';
import { UsageError } from '../../foundation/usage-error.ts';

/** What somebody may do: a verb on a resource, or with `path` on a URL path. */
export type RightQuery = {
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  /** Empty: any object. */
  name: string;
  /** Undefined: anywhere. */
  namespace: string | undefined;
  path?: string;
};

/**
 * Resources that only rules know, with their groups: whom one may impersonate, what may be signed and approved. They
 * have no namespace. Kubernetes: "User impersonation", "Certificate signing requests: authorization".
 */
const onlyInRules = new Map([
  ['users', ''],
  ['groups', ''],
  ['uids', 'authentication.k8s.io'],
  ['userextras', 'authentication.k8s.io'],
  ['signers', 'certificates.k8s.io'],
]);

/**
 * `get` and `secrets`, `pods/exec`, `deployments.apps`, `deployments/scale.apps` or `/metrics`, as a question. The group
 * of a built-in resource may be left out. Throws UsageError for a resource that is neither built in nor has a group.
 */
export function readRightQuery(
  verb: string,
  what: string,
  { name = '', namespace }: { name?: string | undefined; namespace?: string | undefined },
): RightQuery {
  const none = { group: '', resource: '', subresource: '', name: '', namespace: undefined };
  if (what.startsWith('/')) return { verb, ...none, path: what };
  const [first = '', second = ''] = what.split('/', 2);
  const [resource = '', ...group] = first.split('.');
  const [subresource = '', ...late] = second.split('.');
  const named = [...group, ...late].join('.');
  const query = { verb, resource, subresource, name, namespace };
  if (resource === '*' || named !== '') return { ...query, group: named === 'core' ? '' : named || '*' };
  const known = onlyInRules.get(resource);
  if (known !== undefined) return { ...query, group: known };
  const found = [...builtInResources.values()].filter((each) => each.resource === resource);
  if (found.length === 0)
    throw new UsageError(
      `no built-in resource "${resource}": write plurals, and others with their group (things.example.com)`,
    );
  // Events are of two groups; the core one is what both are stored as.
  return { ...query, group: found[0]!.group };
}

/** Is it a resource whose objects have no namespace? Unknown ones are taken to have one. */
export const isClusterScoped = ({ resource, group, path }: RightQuery): boolean =>
  path !== undefined ||
  onlyInRules.get(resource) === group ||
  builtInResources.get(group === '' ? resource : `${resource}.${group}`)?.namespaced === false;

/** `get secrets "database" in shop`. */
export function queryText({ verb, group, resource, subresource, name, namespace, path }: RightQuery): string {
  if (path !== undefined) return `${verb} ${path}`;
  const what = `${resource}${subresource && `/${subresource}`}${group && `.${group}`}`;
  return `${verb} ${what}${name && ` "${name}"`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
