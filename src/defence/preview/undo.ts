import type { Manifest } from '../contract.ts';
import { refOf, refText } from '../object-ref.ts';
import { type Change, changedRef, type Snapshot } from '../snapshot/snapshot.ts';

/** What the API server writes, and what kubectl writes to itself: an object that is put back must not carry it. */
const serverSet = [
  ...['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds'],
];

/** An object as somebody could have written it. */
export function written({ status: _, ...object }: Manifest): Manifest {
  const metadata = Object.entries(object.metadata).filter(([key]) => !serverSet.includes(key));
  return { ...(object as Manifest), metadata: Object.fromEntries(metadata) as Manifest['metadata'] };
}

/** Never restored: what controllers make again, and what holds nothing that somebody wrote. */
const remade = new Set(['Pod', 'Event', 'Event.events.k8s.io', 'Endpoints', 'EndpointSlice.discovery.k8s.io']);

/**
 * The changes that put everything back, in the order in which they are applied: what was changed or removed as it was,
 * what was created goes. `impossible` says what cannot be put back.
 */
export function undoOf(before: Snapshot, changes: Change[]): { undo: Change[]; impossible: string[] } {
  const undo: Change[] = [];
  const impossible: string[] = [];
  const restore = (object: Manifest) => {
    if (object.kind === 'Secret' && object['data'] === undefined && object['stringData'] === undefined)
      impossible.push(
        `${refText(refOf(object))} cannot be put back by this: only --apply reads values of Secrets, for its undo`,
      );
    else undo.push({ put: written(object) });
  };
  for (const change of [...changes].reverse()) {
    const ref = changedRef(change);
    const old = before.get(ref);
    if (old === undefined) {
      if ('put' in change) undo.push({ remove: ref });
      continue;
    }
    restore(old);
    if ('remove' in change && ref.kind === 'Namespace') {
      for (const object of before.objects.filter((item) => inside(item, ref.name))) restore(object);
      impossible.push(`${refText(ref)}: data in volumes is not put back`);
    }
  }
  return { undo, impossible };
}

const inside = (object: Manifest, namespace: string): boolean =>
  object.metadata.namespace === namespace &&
  !(object.metadata.ownerReferences ?? []).some(({ controller }) => controller) &&
  (!remade.has(refOf(object).kind) || (object.kind === 'Pod' && object.metadata.ownerReferences === undefined));
