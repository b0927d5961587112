import type { KubernetesObject, OwnerReference, WatchEvent } from '../api/object.ts';

/** What the garbage collector knows of an object: no more than it needs, because it knows all of them. */
export type GraphNode = {
  uid: string;
  resource: string;
  namespace: string;
  name: string;
  owners: OwnerReference[];
  deleting: boolean;
  /** Waits for those of its dependents that block it. */
  foreground: boolean;
  /** Its dependents are to be set free before it goes. */
  orphan: boolean;
};

const noOwners: OwnerReference[] = [];

function nodeOf(resource: string, { metadata }: KubernetesObject): GraphNode {
  const { uid = '', namespace = '', name, ownerReferences, finalizers, deletionTimestamp } = metadata;
  const deleting = deletionTimestamp !== undefined;
  return {
    uid,
    resource,
    namespace,
    name,
    owners: ownerReferences?.length ? ownerReferences : noOwners,
    deleting,
    foreground: deleting && finalizers?.includes('foregroundDeletion') === true,
    orphan: deleting && finalizers?.includes('orphan') === true,
  };
}

/**
 * Who owns whom, over all resources. `onWork` is called with each node that the collector should look at: one whose
 * owner is missing or going, or one that is going and has dependents to think of.
 */
export function createOwnerGraph(onWork: (node: GraphNode) => void) {
  const nodes = new Map<string, GraphNode>();
  const dependents = new Map<string, Set<GraphNode>>();
  let complete = false;

  const dependentsOf = (uid: string): GraphNode[] => [...(dependents.get(uid) ?? [])];

  /** Alive and not about to go: an owner in another namespace is none. */
  function ownerState(node: GraphNode, { uid }: OwnerReference): 'solid' | 'waiting' | 'missing' {
    const owner = nodes.get(uid);
    if (owner === undefined || (owner.namespace !== '' && owner.namespace !== node.namespace)) return 'missing';
    return owner.foreground ? 'waiting' : 'solid';
  }

  function consider(node: GraphNode): void {
    if (!complete) return;
    if (node.foreground || node.orphan) onWork(node);
    else if (!node.deleting && node.owners.some((owner) => ownerState(node, owner) !== 'solid')) onWork(node);
  }

  function unlink(node: GraphNode): void {
    for (const { uid } of node.owners) {
      const set = dependents.get(uid);
      if (set?.delete(node) && set.size === 0) dependents.delete(uid);
    }
  }

  function put(resource: string, object: KubernetesObject): void {
    const node = nodeOf(resource, object);
    const old = nodes.get(node.uid);
    if (old) unlink(old);
    nodes.set(node.uid, node);
    for (const { uid } of node.owners) {
      const set = dependents.get(uid) ?? new Set();
      dependents.set(uid, set.add(node));
    }
    consider(node);
    if (node.foreground && !old?.foreground) for (const dependent of dependentsOf(node.uid)) consider(dependent);
    if (old) reconsiderOwners(old, node.owners);
  }

  function remove(uid: string): void {
    const node = nodes.get(uid);
    if (node === undefined) return;
    nodes.delete(uid);
    unlink(node);
    for (const dependent of dependentsOf(uid)) consider(dependent);
    reconsiderOwners(node);
  }

  /** Who waited for the node and does not have to any more, given the owners that it has now. */
  function reconsiderOwners({ owners }: GraphNode, now = noOwners): void {
    for (const { uid } of owners) {
      const owner = nodes.get(uid);
      const blocks = now.some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true);
      if (owner?.foreground && !blocks) consider(owner);
    }
  }

  return {
    dependentsOf,
    ownerState,
    node: (uid: string) => nodes.get(uid),
    remove,
    /** All objects of a resource as they are now. */
    replace(resource: string, objects: KubernetesObject[]): void {
      const kept = new Set(objects.map(({ metadata }) => metadata.uid));
      for (const node of [...nodes.values()]) if (node.resource === resource && !kept.has(node.uid)) remove(node.uid);
      for (const object of objects) put(resource, object);
    },
    apply(resource: string, { type, object }: WatchEvent): void {
      if (type === 'DELETED') remove(object.metadata.uid ?? '');
      else if (type !== 'BOOKMARK') put(resource, object);
    },
    /** From now on an owner that is not here is missing. */
    completed(): void {
      complete = true;
      for (const node of nodes.values()) consider(node);
    },
  };
}
export type OwnerGraph = ReturnType<typeof createOwnerGraph>;
