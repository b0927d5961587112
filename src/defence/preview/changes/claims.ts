import { claimLimitProblems } from '../../../api/quota/limit-range.ts';
import type { Manifest } from '../../contract.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type Candidate, namespaceOf } from '../candidates.ts';
import { limitRangesIn } from '../made-pod.ts';

/**
 * The claims that a StatefulSet makes before its pods, by its templates; `coming`: those of its replicas that are not there
 * yet. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#volume-claim-templates
 */
export function claimsOf({ object }: Candidate, snapshot: Snapshot): { each: Manifest[]; coming: Manifest[] } {
  const { kind, metadata, spec } = object;
  const templates: Manifest[] = kind === 'StatefulSet' ? (spec?.volumeClaimTemplates ?? []) : [];
  const namespace = namespaceOf(object);
  const claim = (template: Manifest, ordinal: number): Manifest => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: template['spec'] },
    metadata: { namespace, name: `${template.metadata.name}-${metadata.name}-${ordinal}` },
  });
  const first: number = spec?.ordinals?.start ?? 0;
  // Of more, the first ones tell.
  const count = Math.min(spec?.replicas ?? 1, ordinalsMax);
  const ordinals = Array.from({ length: count }, (_, index) => first + index);
  const isThere = ({ kind, metadata }: Manifest) =>
    snapshot.get({ kind, namespace, name: metadata.name }) !== undefined;
  return {
    each: templates.map((template) => claim(template, first)),
    coming: templates.flatMap((template) =>
      ordinals.map((ordinal) => claim(template, ordinal)).filter((each) => !isThere(each)),
    ),
  };
}
const ordinalsMax = 1000;

/** What LimitRanges refuse of a StatefulSet's claims. `unknown`: those that it has stay, and more replicas get none. */
export function claimProblems(candidate: Candidate, snapshot: Snapshot) {
  const { each, coming } = claimsOf(candidate, snapshot);
  if (each.length === 0) return undefined;
  const ranges = limitRangesIn(snapshot, namespaceOf(candidate.object));
  const problems = [...new Set(each.flatMap((claim) => claimLimitProblems(ranges, claim)))];
  if (problems.length === 0) return undefined;
  return coming.length > 0
    ? { why: problems.join(', ') }
    : { outcome: 'unknown' as const, why: `it has its claims, and more replicas get none: ${problems.join(', ')}` };
}
