import type { KubernetesObject, OwnerReference } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import type { Controller, ControllerContext, Key } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { type EveryResource, followEveryResource } from './every-resource.ts';
import { createOwnerGraph, type GraphNode, type OwnerGraph } from './owner-graph.ts';

type State = { graph: OwnerGraph; every: EveryResource };

/**
 * Deletes what has lost its owners, holds back what is deleted in the foreground until its dependents are gone, and
 * sets dependents free when they are to be orphaned.
 */
export function garbageCollector(): Controller {
  let state: State | undefined;
  return {
    name: 'garbage-collector',
    // Its keys come from the graph: this resource is only one that every server has.
    reconciles: 'namespaces',
    reads: ['*'],
    writes: { '*': ['delete', 'patch', 'update'] },
    concurrency: 10,
    start(context, enqueue) {
      const graph = createOwnerGraph((node) => enqueue(keyOfNode(node)));
      const every = followEveryResource(context, graph);
      state = { graph, every };
      return every.stop;
    },
    async reconcile(key, context) {
      const target = parseKey(key);
      if (target && state) await collect(context, state, target);
      return undefined;
    },
  };
}

const keyOfNode = ({ uid, resource, namespace, name }: GraphNode): Key => ({
  namespace,
  name: JSON.stringify([resource, name, uid]),
});

type Target = { resource: string; namespace: string; name: string; uid: string };
function parseKey({ namespace, name }: Key): Target | undefined {
  // The keys of namespaces arrive here too, and mean nothing.
  if (!name.startsWith('[')) return undefined;
  const [resource, objectName, uid] = JSON.parse(name);
  return { resource, namespace, name: objectName, uid };
}

async function collect(context: ControllerContext, state: State, target: Target): Promise<void> {
  const live = await find(context, target.resource, target);
  if (live === undefined || live.metadata.uid !== target.uid) return state.graph.remove(target.uid);
  if (isDeleting(live)) return finish(context, state, target, live);

  const node = state.graph.node(target.uid);
  const owners = live.metadata.ownerReferences ?? [];
  if (node === undefined || owners.length === 0) return;
  const states = await Promise.all(owners.map((owner) => stateOf(context, state, node, owner)));
  const impossible = owners.find((_, index) => states[index] === 'impossible');
  if (impossible) {
    const text = `${impossible.kind} ${impossible.name} has a namespace: it cannot own what has none, which stays`;
    return context.event(live, 'Warning', 'OwnerRefInvalidNamespace', text);
  }
  if (states.includes('solid')) {
    if (states.every((one) => one === 'solid')) return;
    const kept = owners.filter((_, index) => states[index] === 'solid');
    await patchMetadata(context, target.resource, live, { ownerReferences: kept });
    return;
  }
  const dependents = state.graph.dependentsOf(target.uid);
  const foreground = states.includes('waiting') && dependents.length > 0;
  // A dependent that waits, too, may wait in a circle for this one: a circle that nobody holds back ends.
  const isCircle = foreground && dependents.some((dependent) => dependent.foreground);
  const ownerReferences = owners.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
  const latest = isCircle ? await patchMetadata(context, target.resource, live, { ownerReferences }) : live;
  if (latest) await remove(context, target.resource, latest, foreground ? 'Foreground' : 'Background');
}

/** Exactly as it was looked at: whoever has given it another owner meanwhile, or none, means it to stay. */
async function remove(
  { client }: ControllerContext,
  resource: string,
  { metadata }: KubernetesObject,
  propagationPolicy: 'Foreground' | 'Background',
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = metadata;
  const preconditions = { uid, resourceVersion };
  await client.delete(resource, { namespace, name }, { propagationPolicy, preconditions }).catch(unlessGone);
}

/** An object that is going already: what its finalizers wait for. */
async function finish(context: ControllerContext, state: State, target: Target, live: KubernetesObject): Promise<void> {
  const { finalizers = [], uid } = live.metadata;
  const dependents = state.graph.dependentsOf(uid!);
  if (finalizers.includes('orphan')) {
    for (const dependent of dependents) await release(context, dependent, uid!);
    await patchMetadata(context, target.resource, live, { finalizers: without(finalizers, 'orphan') });
    return;
  }
  if (!finalizers.includes('foregroundDeletion')) return;
  const blocking = dependents.filter(
    ({ owners, namespace }) =>
      // Of another namespace it is nobody's dependent: who made it has no rights here.
      (target.namespace === '' || namespace === target.namespace) &&
      owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
  );
  if (blocking.length > 0) return;
  await patchMetadata(context, target.resource, live, { finalizers: without(finalizers, 'foregroundDeletion') });
}

const without = (list: string[], value: string) => list.filter((one) => one !== value);

async function release(context: ControllerContext, dependent: GraphNode, ownerUid: string): Promise<void> {
  const live = await find(context, dependent.resource, dependent);
  if (live === undefined) return;
  const ownerReferences = live.metadata.ownerReferences?.filter(({ uid }) => uid !== ownerUid);
  if (ownerReferences?.length === live.metadata.ownerReferences?.length) return;
  await patchMetadata(context, dependent.resource, live, { ownerReferences });
}

/**
 * What the graph does not know is asked for: only the server can say that an owner is not there. *Impossible* is one that
 * has a namespace, of what has none: nobody knows where to look for it.
 */
async function stateOf(
  context: ControllerContext,
  { graph, every }: State,
  node: GraphNode,
  owner: OwnerReference,
): Promise<'solid' | 'waiting' | 'missing' | 'impossible'> {
  const known = graph.ownerState(node, owner);
  if (known !== 'missing') return known;
  const [group, version] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : ['', owner.apiVersion];
  const resource = every.served().find((one) => one.group === group && one.kind === owner.kind);
  if (resource === undefined)
    throw new Error(
      `${node.resource} ${node.name} is owned by a ${owner.kind} of ${group}/${version}, which is not served`,
    );
  if (resource.namespaced && node.namespace === '') return 'impossible';
  const live = await find(context, resource.name, { namespace: node.namespace, name: owner.name });
  return live?.metadata.uid === owner.uid ? 'solid' : 'missing';
}

async function find(
  { client }: ControllerContext,
  resource: string,
  { namespace, name }: { namespace: string; name: string },
): Promise<KubernetesObject | undefined> {
  return client.get(resource, { namespace, name }).catch(unlessGone);
}

/** The resourceVersion makes the server refuse the patch when somebody else changed the list meanwhile. */
async function patchMetadata(
  { client }: ControllerContext,
  resource: string,
  { metadata }: KubernetesObject,
  change: object,
): Promise<KubernetesObject | undefined> {
  const { namespace, name, uid, resourceVersion } = metadata;
  const body = { metadata: { uid, resourceVersion, ...change } };
  return client.patch(resource, { namespace, name }, { type: 'merge', body }).catch(unlessGone);
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof ApiError && error.reason === 'NotFound')) throw error;
}
