import { isDeepStrictEqual } from 'node:util';
import { requestsHeld } from '../api/pod-resources.ts';
import type { Node, PersistentVolume, Pod } from '../api/schema/types.d.ts';
import { offerKey, offersFor } from '../api/volume-match.ts';
import type { Cache, Caches } from '../client/cache.ts';
import type { Wake } from './plugin.ts';
import { type PodInfo, parsePod } from './pod-info.ts';
import type { SchedulingQueue } from './queue.ts';
import { siblingResources } from './siblings.ts';
import type { Volumes, World } from './snapshot.ts';

/** What the scheduler watches. */
export const watched = [
  'pods',
  'nodes',
  'namespaces',
  'persistentvolumeclaims',
  'persistentvolumes',
  'storageclasses.storage.k8s.io',
  'poddisruptionbudgets.policy',
  ...siblingResources,
] as const;

export function volumesOf(caches: Caches): Volumes {
  const read = <T>(resource: (typeof watched)[number]) => caches(resource) as unknown as Cache<T>;
  return {
    claim: (namespace, name) => read<any>('persistentvolumeclaims').get(namespace, name),
    volume: (name) => read<any>('persistentvolumes').get('', name),
    offeredTo: (claim) =>
      offersFor(claim).flatMap((key) => read<PersistentVolume>('persistentvolumes').by(offerKey, key)),
    storageClass: (name) => read<any>('storageclasses.storage.k8s.io').get('', name),
  };
}

export type Observed = {
  caches: Caches;
  world: World;
  queue: SchedulingQueue;
  /** Pods whose binding is on its way: the world has them already. */
  assumed: Map<string, PodInfo>;
  schedulerName: string;
  changed(change: Wake): void;
  onGated(pod: PodInfo): void;
};

/** Keeps the world and the queue as the caches say. Returns what ends it. */
export function observe({ caches, world, queue, assumed, schedulerName, changed, onGated }: Observed): () => void {
  const pending = new Map<string, PodInfo>();

  function forget(uid: string): void {
    const wasPlaced = world.placed(uid) !== undefined;
    pending.delete(uid);
    queue.remove(uid);
    assumed.delete(uid);
    world.unplace(uid);
    if (world.nominatedNode(uid) !== undefined || wasPlaced) changed('pod-gone');
    world.denominate(uid);
  }

  function place(pod: Pod, uid: string): void {
    const known = world.placed(uid);
    const wasAssumed = assumed.delete(uid);
    pending.delete(uid);
    queue.remove(uid);
    world.denominate(uid);
    const same = known !== undefined && known.nodeName === pod.spec?.nodeName && isAlike(known.pod, pod);
    const now = same ? known : parsePod(pod);
    if (same) known.pod = pod;
    else world.place(now);
    // What shrinks leaves room, as what goes does.
    if (!same || wasAssumed) changed(known !== undefined && holdsLess(now, known) ? 'pod-gone' : 'pod');
  }

  function wait(pod: Pod, uid: string): void {
    if (assumed.has(uid)) return;
    const known = pending.get(uid);
    if (known !== undefined && isAlike(known.pod, pod)) {
      known.pod = pod;
      return;
    }
    const info = parsePod(pod);
    pending.set(uid, info);
    if ((pod.spec?.schedulingGates ?? []).length > 0) {
      onGated(info);
      return;
    }
    if (pod.status?.nominatedNodeName) world.nominate(info, pod.status.nominatedNodeName);
    queue.add(info);
  }

  function onPod(type: string, pod: Pod): void {
    const { uid = '', deletionTimestamp } = pod.metadata;
    const { phase } = pod.status ?? {};
    if (type === 'DELETED' || phase === 'Succeeded' || phase === 'Failed') forget(uid);
    else if (pod.spec?.nodeName) place(pod, uid);
    else if (deletionTimestamp !== undefined) forget(uid);
    else if ((pod.spec?.schedulerName ?? 'default-scheduler') === schedulerName) wait(pod, uid);
  }

  function onNode(type: string, node: Node, old: Node | undefined): void {
    if (type === 'DELETED') world.removeNode(node.metadata.name);
    else world.setNode(node);
    if (type !== 'DELETED' && (old === undefined || whatMatters(old) !== whatMatters(node))) changed('node');
  }

  function onNamespace(): void {
    world.namespaceChanged();
    changed('namespace');
  }

  const subscribe = (resource: string, onChange: (type: string, object: any, old: any) => void) =>
    caches(resource).subscribe(onChange);
  const wakeBy = (resource: string, change: Wake) => subscribe(resource, () => changed(change));
  const ends = [
    subscribe('nodes', onNode),
    subscribe('pods', onPod),
    wakeBy('persistentvolumeclaims', 'volume'),
    wakeBy('persistentvolumes', 'volume'),
    wakeBy('storageclasses.storage.k8s.io', 'volume'),
    subscribe('namespaces', onNamespace),
  ];
  return () => {
    for (const end of ends) end();
  };
}

const holdsLess = ({ requests: now }: PodInfo, { requests: before }: PodInfo): boolean =>
  now.cpuMilli < before.cpuMilli || now.memoryBytes < before.memoryBytes;

/** Nothing that decisions are made from has changed: only annotations, or the status beside what a resize has come to. */
function isAlike(one: Pod, other: Pod): boolean {
  const [before, after] = [one.metadata, other.metadata];
  if ((before.deletionTimestamp === undefined) !== (after.deletionTimestamp === undefined)) return false;
  const sameSpec =
    before.generation === undefined || before.generation !== after.generation
      ? JSON.stringify(one.spec) === JSON.stringify(other.spec)
      : true;
  if (!sameSpec || JSON.stringify(before.labels) !== JSON.stringify(after.labels)) return false;
  return after.generation === 1 || isDeepStrictEqual(requestsHeld(one), requestsHeld(other));
}

/** Heartbeats change a node all the time; only this decides where pods go. */
const whatMatters = ({ metadata, spec, status }: Node): string =>
  JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable, status?.allocatable]);
