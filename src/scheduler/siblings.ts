import type { ReplicaSet, ReplicationController, Service, StatefulSet } from '../api/schema/types.d.ts';
import type { LabelSelector } from '../api/selectors.ts';
import type { Cache, Caches } from '../client/cache.ts';
import { controllerOf } from '../reconcile/owned.ts';
import { servicesSelecting } from '../reconcile/services.ts';
import type { PodInfo } from './pod-info.ts';

/** What selects the pods that do the same work as this one; undefined where nothing does. */
export type Siblings = (pod: PodInfo) => LabelSelector | undefined;

/** Owners whose selectors mean pods of equal work: those of a DaemonSet or a Job do not. By `apiVersion/kind`. */
const owners: Record<string, string> = {
  'v1/ReplicationController': 'replicationcontrollers',
  'apps/v1/ReplicaSet': 'replicasets.apps',
  'apps/v1/StatefulSet': 'statefulsets.apps',
};

/** What is read for it. */
export const siblingResources = ['services', ...Object.values(owners)];

/**
 * What the services of a pod and the owner that controls it have in common. Source: kubernetes/kubernetes
 * pkg/scheduler/framework/plugins/helper/spread.go, DefaultSelector.
 */
export function siblingsOf(caches: Caches): Siblings {
  const services = caches('services') as unknown as Cache<Service>;

  function wantedByServices({ namespace, labels }: PodInfo): Record<string, string> {
    const wanted = {};
    for (const { spec } of servicesSelecting(services, namespace, labels)) Object.assign(wanted, spec?.selector);
    return wanted;
  }

  function selectorOfOwner({ pod }: PodInfo): LabelSelector | undefined {
    const { apiVersion, kind, uid } = controllerOf(pod) ?? { apiVersion: '', kind: '', uid: '' };
    const resource = owners[`${apiVersion}/${kind}`];
    if (resource === undefined) return undefined;
    const owner = caches(resource).byUid(uid) as ReplicaSet | StatefulSet | ReplicationController | undefined;
    const selector = owner?.spec?.selector;
    return owner?.kind === 'ReplicationController' ? { matchLabels: selector as Record<string, string> } : selector;
  }

  return (pod) => {
    const { matchLabels, matchExpressions = [] } = selectorOfOwner(pod) ?? {};
    // All of them select the pod, so that no two want different values of one label.
    const all = { ...wantedByServices(pod), ...matchLabels };
    const selectsAll = Object.keys(all).length === 0 && matchExpressions.length === 0;
    return selectsAll ? undefined : { matchLabels: all, matchExpressions };
  };
}
