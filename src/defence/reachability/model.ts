import { createEvaluator, createReachability, type Evaluator, type Reachability } from '../../policy/policy.ts';
import { bareKind, type ObjectRef, refKey } from '../object-ref.ts';
import { networkPolicyKind } from '../snapshot/kinds.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type SnapshotWorld, worldOfSnapshot } from '../snapshot/world.ts';
import type { Source } from '../source.ts';

/** A snapshot made ready for questions of who reaches whom. */
export type ReachModel = SnapshotWorld & {
  snapshot: Snapshot;
  evaluator: Evaluator;
  reachability: Reachability;
  /** Keys of the pods of each workload, by `refText`. */
  podsOfWorkload: Map<string, string[]>;
  /** Why no answer can be trusted: something that is, or may be, a policy could not be read. */
  blind: string | undefined;
};

export function createReachModel({ snapshot, loaded }: Pick<Source, 'snapshot' | 'loaded'>): ReachModel {
  const parts = worldOfSnapshot(snapshot);
  const podsOfWorkload = new Map<string, string[]>();
  for (const [key, ref] of parts.workloads) {
    const keys = podsOfWorkload.get(refKey(ref));
    if (keys === undefined) podsOfWorkload.set(refKey(ref), [key]);
    else keys.push(key);
  }
  const unread = [
    ...parts.notAssessed.filter(({ what }) => what.startsWith(networkPolicyKind)),
    ...(loaded?.unreadable ?? []),
  ][0];
  return {
    ...parts,
    ...{ snapshot, podsOfWorkload },
    evaluator: createEvaluator(parts.world),
    reachability: createReachability(parts.world),
    blind: unread && `${unread.what} could not be read: ${unread.why}`,
  };
}

/** `shop/deployment/web`, or `shop/web` for a pod: how a person names it on the command line. */
export function workloadText({ kind, namespace, name }: ObjectRef): string {
  const place = namespace || 'default';
  return kind === 'Pod' ? `${place}/${name}` : `${place}/${bareKind(kind).toLowerCase()}/${name}`;
}
