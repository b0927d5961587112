import { applyLimitDefaults } from '../../api/quota/limit-range.ts';
import type { Manifest } from '../contract.ts';
import { oncePerKinds, oncePerSnapshot } from '../snapshot/once.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type Candidate, namespaceOf, withDefaults } from './candidates.ts';
import { modeIn } from './modes.ts';

const rangesOf = oncePerKinds(['LimitRange'], (snapshot) =>
  Map.groupBy(snapshot.of('LimitRange').map(withDefaults), namespaceOf),
);

/** The LimitRanges of a namespace, which may be as somebody wrote them, as the API has them. */
export const limitRangesIn = (snapshot: Snapshot, namespace: string): Manifest[] =>
  rangesOf(snapshot).get(namespace) ?? [];

/**
 * The pod as it is judged and counted when it is made: with the defaults of the API and of LimitRanges, the overhead of its
 * RuntimeClass, and the class of priority that counts where it names none.
 */
export function createdPod(
  pod: Manifest,
  snapshot: Snapshot,
  ranges = limitRangesIn(snapshot, namespaceOf(pod)),
): Manifest {
  const created = withDefaults(pod);
  applyLimitDefaults(ranges, created);
  const { spec } = created;
  const runtime = { kind: 'RuntimeClass.node.k8s.io', namespace: '', name: spec.runtimeClassName };
  const overhead = spec.runtimeClassName && snapshot.get(runtime)?.['overhead']?.podFixed;
  if (overhead) spec.overhead ??= overhead;
  const byDefault = snapshot.of('PriorityClass.scheduling.k8s.io').find(({ globalDefault }) => globalDefault === true);
  if (byDefault !== undefined) spec.priorityClassName ||= byDefault.metadata.name;
  return created;
}

/** Our clusters give pods that say nothing about seccomp the runtime's profile before they are judged. */
export function withSeccomp(pod: Manifest, { pointer }: Pick<Candidate, 'pointer'>, snapshot: Snapshot): Manifest {
  const filled = pointer !== '' && snapshot.closedByDefault && modeIn(snapshot, 'seccomp') !== 'off';
  if (!filled || pod['spec'].os?.name === 'windows') return pod;
  const securityContext = { seccompProfile: { type: 'RuntimeDefault' }, ...pod['spec'].securityContext };
  return { ...pod, spec: { ...pod['spec'], securityContext } };
}

/** Each policy asks for the same ones. */
const admitted = oncePerSnapshot(() => new WeakMap<Candidate, Manifest>());

/** The pod as it is when users' policies are asked about it. What differs for each pod, as its token's volume, is not in it. */
export function admittedPod(candidate: Candidate, snapshot: Snapshot): Manifest {
  const known = admitted(snapshot);
  const found = known.get(candidate);
  if (found !== undefined) return found;
  const isLimited = limitRangesIn(snapshot, namespaceOf(candidate.object)).length > 0;
  const made = withSeccomp(isLimited ? createdPod(candidate.pod, snapshot) : candidate.pod, candidate, snapshot);
  known.set(candidate, made);
  return made;
}
