import type { Manifest } from '../contract.ts';
import { type ObjectRef, refKey, refOf } from '../object-ref.ts';
import { ownersOf } from '../snapshot/owners.ts';
import { type Change, changedRef, type Snapshot, withChanges } from '../snapshot/snapshot.ts';
import { podOf } from '../workload.ts';
import type { Lever } from './graph.ts';

/** The snapshot after the changes and after controllers rolled them out: pods of a changed template are made from it. */
export function afterChanges(snapshot: Snapshot, changes: Change[]): Snapshot {
  const templates = new Map(
    changes.flatMap((change) => {
      const template = 'put' in change && change.put.kind !== 'Pod' ? podOf(change.put)?.pod : undefined;
      return template === undefined ? [] : [[refKey(changedRef(change)), template as unknown as Manifest] as const];
    }),
  );
  if (templates.size === 0) return withChanges(snapshot, changes);
  const owners = ownersOf(snapshot);
  const pods = snapshot.of('Pod').flatMap((pod): Change[] => {
    const top = owners.topOf(pod);
    const template = top === pod ? undefined : templates.get(refKey(refOf(top)));
    if (template === undefined) return [];
    const { nodeName } = pod['spec'] ?? {};
    const labels = { ...pod.metadata.labels, ...template.metadata?.labels };
    return [{ put: { ...pod, metadata: { ...pod.metadata, labels }, spec: { ...template['spec'], nodeName } } }];
  });
  return withChanges(snapshot, [...changes, ...pods]);
}

/** What levers come to together: edits of one object are made one after another. Levers without an edit are left out. */
export function changesOf(snapshot: Snapshot, levers: Lever[]): Change[] {
  const edited = new Map<string, { target: ObjectRef; object: Manifest | undefined }>();
  for (const { edit } of levers) {
    if (edit === undefined) continue;
    const key = refKey(edit.target);
    const object = edited.has(key) ? edited.get(key)!.object : snapshot.get(edit.target);
    edited.set(key, { target: edit.target, object: edit.to(object) });
  }
  return [...edited.values()].map(({ target, object }) =>
    object === undefined ? { remove: target } : { put: object },
  );
}
