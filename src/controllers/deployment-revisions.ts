import type { Deployment, PodTemplateSpec, ReplicaSet } from '../api/schema/types.d.ts';
import { equalJson } from '../foundation/json.ts';
import { controllerReference } from '../reconcile/owned.ts';
import { desiredReplicas, limitsOf, maxReplicas, replicasOf } from './deployment-rollout.ts';
import { templateHash } from './template-hash.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionHistory = 'deployment.kubernetes.io/revision-history';
const hashLabel = 'pod-template-hash';
const notInherited = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistory,
  desiredReplicas,
  maxReplicas,
  'deprecated.deployment.rollback.to',
]);

/** An int64 upstream, so more than a number holds; 0 when there is none. */
export function revisionOf({ metadata }: Deployment | ReplicaSet): bigint {
  const noted = metadata.annotations?.[revisionAnnotation] ?? '';
  return /^\d{1,19}$/.test(noted) ? BigInt(noted) : 0n;
}

function withoutHash(template: PodTemplateSpec | undefined): object {
  const { [hashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels, creationTimestamp: undefined } };
}

/** The set with the deployment's current template; should there be several, the oldest. */
export function findNewest({ spec }: Deployment, sets: ReplicaSet[]): ReplicaSet | undefined {
  const wanted = withoutHash(spec!.template);
  return sets
    .filter((set) => equalJson(withoutHash(set.spec?.template), wanted))
    .sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''))[0];
}

export const nextRevision = (old: ReplicaSet[]): bigint =>
  old.map(revisionOf).reduce((most, revision) => (revision > most ? revision : most), 0n) + 1n;

/** Sizes are noted on each set: they tell later whether the deployment was scaled meanwhile. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const wanted = deployment.spec!.replicas ?? 1;
  return { [desiredReplicas]: `${wanted}`, [maxReplicas]: `${wanted + limitsOf(deployment).surge}` };
}

/** What the set carries of its deployment; a set that becomes current again keeps its former revisions on record. */
export function annotationsFor(deployment: Deployment, set: ReplicaSet | undefined, revision: bigint) {
  const annotations: Record<string, string> = { ...set?.metadata.annotations };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!notInherited.has(name)) annotations[name] = value;
  const former = annotations[revisionAnnotation];
  const isNewer = set === undefined || revisionOf(set) < revision;
  if (former !== undefined && isNewer)
    annotations[revisionHistory] = [annotations[revisionHistory], former].filter(Boolean).join();
  if (former === undefined || isNewer) annotations[revisionAnnotation] = `${revision}`;
  return annotations;
}

/** A new set for the deployment's template, whose hash in selector and labels keeps its pods apart from others. */
export function newSet(deployment: Deployment, replicas: number, revision: bigint): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec!;
  const hash = templateHash(withoutHash(template), deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: { ...annotationsFor(deployment, undefined, revision), ...sizeAnnotations(deployment) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** Old sets beyond the history limit that have no pods left, oldest first. */
export function expiredSets({ spec }: Deployment, old: ReplicaSet[]): ReplicaSet[] {
  const idle = old.filter(
    (set) =>
      replicasOf(set) === 0 &&
      (set.status?.replicas ?? 0) === 0 &&
      (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0) &&
      set.metadata.deletionTimestamp === undefined,
  );
  const surplus = idle.length - (spec!.revisionHistoryLimit ?? 10);
  return surplus <= 0 ? [] : idle.sort((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : 1)).slice(0, surplus);
}
