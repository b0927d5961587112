import type { Manifest } from '../contract.ts';
import { podOf, workloadKinds } from '../workload.ts';
import type { Snapshot } from './snapshot.ts';

/** How far a chain of owners is followed: CronJob, Job, Pod is three. */
const ownersDeepMax = 8;

/** Who makes which pods. */
export type Owners = {
  /** The object at the top of the chain of controllers: the Deployment of a ReplicaSet's pod, or the pod itself. */
  topOf(object: Manifest): Manifest;
  /** Every object that makes pods of its own accord and is no pod. */
  controllers: Manifest[];
};

export function ownersOf(snapshot: Snapshot): Owners {
  const making = workloadKinds
    .filter((kind) => kind !== 'Pod' && kind !== 'PodTemplate')
    .flatMap((kind) => snapshot.of(kind));
  const byUid = new Map(making.flatMap((object) => (object.metadata.uid ? [[object.metadata.uid, object]] : [])));
  const ownerOf = ({ metadata }: Manifest) => {
    const references = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : [];
    return byUid.get(references.find(({ controller }) => controller)?.uid ?? '');
  };
  return {
    topOf(object) {
      let top = object;
      for (let deep = 0; deep < ownersDeepMax; deep++) {
        const owner = ownerOf(top);
        if (owner === undefined) break;
        top = owner;
      }
      return top;
    },
    controllers: making.filter((object) => ownerOf(object) === undefined && podOf(object) !== undefined),
  };
}

/** A Job that ended makes no more pods. */
export const willRun = ({ status }: Manifest): boolean =>
  !(status?.conditions ?? []).some(
    ({ type, status }: { type: string; status: string }) =>
      status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
