import type { OwnerReference } from '../api/object.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet } from '../api/schema/types.d.ts';
import { controllerReference } from '../reconcile/owned.ts';
import { podFromTemplate } from './pods.ts';
import { revisionHashLabel } from './revisions.ts';

const claimName = (template: PersistentVolumeClaim, podName: string) => `${template.metadata.name}-${podName}`;

/** Is this the name of a claim for one of the set's pods? */
export const mayOwn = (set: StatefulSet, name: string): boolean =>
  (set.spec!.volumeClaimTemplates ?? []).some((template) =>
    name.startsWith(claimName(template, `${set.metadata.name}-`)),
  );

/** A pod with its own name, host name and volumes. */
export function podOf(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string): Partial<Pod> {
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFromTemplate(template, set, name);
  Object.assign(pod.metadata!.labels!, {
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': `${ordinal}`,
    [revisionHashLabel]: revision,
  });
  const claims = (set.spec!.volumeClaimTemplates ?? []).map((claim) => ({
    name: claim.metadata.name,
    persistentVolumeClaim: { claimName: claimName(claim, name) },
  }));
  const own = new Set(claims.map((volume) => volume.name));
  const others = (pod.spec!.volumes ?? []).filter((volume) => !own.has(volume.name));
  const volumes = [...others, ...claims];
  pod.spec = { ...pod.spec!, hostname: name, subdomain: set.spec!.serviceName || undefined };
  if (volumes.length > 0) pod.spec.volumes = volumes;
  return pod;
}

export function claimsOf(set: StatefulSet, podName: string): PersistentVolumeClaim[] {
  return (set.spec!.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(template, podName),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec!.selector.matchLabels },
      annotations: template.metadata.annotations,
    },
    spec: template.spec,
  }));
}

/**
 * Who owns a claim by the retention policy: the set when it takes its claims along, the pod when it is scaled away and
 * takes its claims along, otherwise nobody, so that the data outlives both.
 */
export function claimOwners(set: StatefulSet, pod: Pod | undefined, condemned: boolean): OwnerReference[] {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec!.persistentVolumeClaimRetentionPolicy ?? {};
  if (condemned && whenScaled === 'Delete' && pod)
    return [{ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid! }];
  const { controller: _, blockOwnerDeletion: __, ...owner } = controllerReference(set);
  return whenDeleted === 'Delete' ? [owner] : [];
}
