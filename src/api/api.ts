import type { Kind } from './kind.ts';
import { apiVersionOf } from './kind.ts';
import { clusterRole } from './kinds/cluster-role.ts';
import { clusterRoleBinding } from './kinds/cluster-role-binding.ts';
import { configMap } from './kinds/config-map.ts';
import { deployment } from './kinds/deployment.ts';
import { event, eventsEvent } from './kinds/event.ts';
import { lease } from './kinds/lease.ts';
import { namespace } from './kinds/namespace.ts';
import { node } from './kinds/node.ts';
import { pod } from './kinds/pod.ts';
import { replicaSet } from './kinds/replica-set.ts';
import { role } from './kinds/role.ts';
import { roleBinding } from './kinds/role-binding.ts';
import { secret } from './kinds/secret.ts';
import { service } from './kinds/service.ts';
import { serviceAccount } from './kinds/service-account.ts';

/** Every built-in kind, in the order that discovery shows. */
export const kinds: Kind[] = [
  configMap,
  event,
  namespace,
  node,
  pod,
  secret,
  serviceAccount,
  service,
  deployment,
  replicaSet,
  lease,
  eventsEvent,
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
];

const byResource = new Map(kinds.map((kind) => [`${kind.group}/${kind.version}/${kind.resource}`, kind]));
const byName = new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind]));

/** The built-in kind that is served under this group, version and plural. */
export const findKind = (group: string, version: string, resource: string): Kind | undefined =>
  byResource.get(`${group}/${version}/${resource}`);

/** The built-in kind of an object: `kindOf('apps/v1', 'Deployment')`. */
export const kindOf = (apiVersion: string, kind: string): Kind | undefined => byName.get(`${apiVersion}/${kind}`);
