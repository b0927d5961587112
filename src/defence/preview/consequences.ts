import type { PodLike } from '../../api/pod-security/pod-security.ts';
import { isOver } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { kindName, type ObjectRef, refKey, refOf } from '../object-ref.ts';
import { type Owners, ownersOf } from '../snapshot/owners.ts';
import { type Change, changedRef, type Snapshot } from '../snapshot/snapshot.ts';
import { podOf } from '../workload.ts';

/**
 * What a cluster makes of the changes by itself: pods of a changed template are made anew from it, those of a removed
 * or emptied workload go, and with a namespace all that is in it.
 */
export function consequencesOf(before: Snapshot, changes: Change[]): Change[] {
  const changed = new Map(changes.map((change) => [refKey(changedRef(change)), change]));
  const gone = new Set(changes.flatMap((change) => ('remove' in change ? namespacesOf(change.remove) : [])));
  const inNamespaces = before.objects.filter(({ metadata }) => gone.has(metadata.namespace ?? ''));
  const removed = inNamespaces.map((object): Change => ({ remove: refOf(object) }));
  if (!changes.some((change) => isWorkload(change, before))) return removed;
  const owners = ownersOf(before);
  const ofPods = before.of('Pod').flatMap((pod) => consequenceOfPod(pod, owners, changed));
  const between = ['ReplicaSet.apps', 'Job.batch'].flatMap((kind) => before.of(kind));
  const made = between.filter((object) => {
    const change = changed.get(refKey(refOf(owners.topOf(object))));
    return change !== undefined && 'remove' in change && owners.topOf(object) !== object;
  });
  return [...removed, ...ofPods, ...made.map((object): Change => ({ remove: refOf(object) }))];
}

const namespacesOf = ({ kind, name }: ObjectRef): string[] => (kind === 'Namespace' ? [name] : []);

function isWorkload(change: Change, before: Snapshot): boolean {
  const object = 'put' in change ? change.put : before.get(change.remove);
  return object !== undefined && kindName(object) !== 'Pod' && podOf(object) !== undefined;
}

function consequenceOfPod(pod: Manifest, owners: Owners, changed: Map<string, Change>): Change[] {
  const top = owners.topOf(pod);
  const change = top === pod ? undefined : changed.get(refKey(refOf(top)));
  if (change === undefined || isOver(pod) || changed.has(refKey(refOf(pod)))) return [];
  if ('remove' in change || change.put['spec']?.replicas === 0) return [{ remove: refOf(pod) }];
  const template = podOf(change.put)?.pod;
  const old = podOf(top)?.pod;
  if (template === undefined || JSON.stringify(template) === JSON.stringify(old)) return [];
  return [{ put: madeFrom(template, old?.metadata?.labels ?? {}, pod) }];
}

/** The pod that takes the place of one that lives: same name and node, with what controllers add to its labels. */
function madeFrom(template: PodLike, written: Record<string, string>, pod: Manifest): Manifest {
  const added = Object.entries(pod.metadata.labels ?? {}).filter(([key]) => !Object.hasOwn(written, key));
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...Object.fromEntries(added), ...template.metadata?.labels } },
    spec: { ...template.spec, nodeName: pod['spec']?.nodeName },
  };
}
