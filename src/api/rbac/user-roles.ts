import type { KubernetesObject } from '../object.ts';
import type { PolicyRule } from './rules.ts';
import { aggregatedRole, clusterRole, paths, read, rule, write } from './write-rule.ts';

const readWrite = `${read} ${write}`;

/** What `edit` allows beyond `view`. */
export const editRules: PolicyRule[] = [
  rule(read, '', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  rule('impersonate', '', 'serviceaccounts'),
  rule(write, '', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  rule('create', '', 'pods/eviction serviceaccounts/token'),
  rule(
    write,
    '',
    'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets ' +
      'serviceaccounts services services/proxy',
  ),
  rule(
    write,
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets ' +
      'statefulsets/scale',
  ),
  rule(write, 'autoscaling', 'horizontalpodautoscalers'),
  rule(write, 'batch', 'cronjobs jobs'),
  rule(write, 'policy', 'poddisruptionbudgets'),
  rule(write, 'networking.k8s.io', 'ingresses networkpolicies'),
  rule(readWrite, 'coordination.k8s.io', 'leases'),
  rule(write, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
];

/**
 * The roles that people are given (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles):
 * the same names and rights as in Kubernetes 1.36.
 */
export const userRoles: KubernetesObject[] = [
  clusterRole('cluster-admin', [rule('*', '*', '*'), paths('*', '*')]),
  aggregatedRole('admin'),
  aggregatedRole('edit', 'admin'),
  aggregatedRole('view', 'edit'),
  clusterRole(
    'system:aggregate-to-admin',
    [
      rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
      rule(readWrite, 'rbac.authorization.k8s.io', 'roles rolebindings'),
    ],
    'admin',
  ),
  clusterRole('system:aggregate-to-edit', editRules, 'edit'),
  clusterRole(
    'system:aggregate-to-view',
    [
      rule(
        read,
        '',
        'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers ' +
          'replicationcontrollers/scale serviceaccounts services services/status',
      ),
      rule(
        read,
        '',
        'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status ' +
          'resourcequotas resourcequotas/status',
      ),
      rule(read, '', 'namespaces'),
      rule(read, 'discovery.k8s.io', 'endpointslices'),
      rule(
        read,
        'apps',
        'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets ' +
          'replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
      ),
      rule(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      rule(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
      rule(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      rule(read, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
      rule(read, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
    ],
    'view',
  ),
];
