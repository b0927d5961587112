import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesObject } from '../../api/object.ts';
import { mirrorAnnotation } from '../../api/pods/mirror-pod.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Pods } from './pods.ts';
import { readStaticPod } from './static-file.ts';
import { isStatic } from './static-pod.ts';
import { createTurn } from './turn.ts';

export type StaticPodsOptions = {
  directory: string;
  nodeName: string;
  /** The node object, once it is registered: the owner of mirror pods. */
  nodeUid(): string | undefined;
  client: Client;
  pods: Pick<Pods, 'list' | 'get' | 'setStatic' | 'removeStatic' | 'mirrored'>;
  clock: Clock;
  log: Log;
};

const filesMax = 64;
const rereadMs = 60_000;
const settleMs = 100;
const endingMs = 1000;

/**
 * Pods from the files of a directory: they run without the API, and the API shows a read-only mirror of each. A file
 * that cannot be used keeps what it said before, unless a file before it says a pod of that name. Returns what ends the
 * watching; the pods go on.
 */
export async function startStaticPods(options: StaticPodsOptions): Promise<() => void> {
  const { directory, clock, log, pods } = options;
  const known = new Map<string, Pod>();
  let cancelNext = () => {};
  let cancelSettled = () => {};
  let stopped = false;

  async function readFiles(): Promise<Map<string, Pod>> {
    const names = (await readdir(directory)).filter((name) => /\.(ya?ml|json)$/.test(name) && !name.startsWith('.'));
    const found = new Map<string, Pod>();
    const fileWithName = (pod: Pod) => [...found].find(([, { metadata }]) => isNamed(pod, metadata))?.[0];
    for (const name of names.sort().slice(0, filesMax)) {
      try {
        const pod = await readStaticPod(join(directory, name), options.nodeName);
        const other = fileWithName(pod);
        if (other) throw new Error(`its pod has the name and namespace of the one in ${other}`);
        found.set(name, pod);
      } catch (error) {
        log.error('a static pod file cannot be used', { file: join(directory, name), error });
        const before = known.get(name);
        if (before && !fileWithName(before)) found.set(name, before);
      }
    }
    return found;
  }

  /** Resolves to whether a pod still waits for the one that had its name. */
  async function follow(): Promise<boolean> {
    const found = await readFiles();
    for (const [name, pod] of known) {
      if (found.get(name)?.metadata.uid === pod.metadata.uid) continue;
      pods.removeStatic(pod.metadata.uid!);
      known.delete(name);
    }
    let isWaiting = false;
    for (const [name, pod] of found) {
      known.set(name, pod);
      if (isNameEnding(pod, pods)) {
        isWaiting = true;
        continue;
      }
      if (pods.get(pod.metadata.uid!) === undefined) pods.setStatic(pod);
      await mirror(pod, options).catch((error) => log.warn('a mirror pod could not be written', { error }));
    }
    return isWaiting;
  }

  async function look(): Promise<void> {
    const isWaiting = await follow().catch((error) => {
      log.error('the directory of static pods cannot be read', { directory, error });
    });
    cancelNext();
    if (!stopped) cancelNext = clock.after(isWaiting ? endingMs : rereadMs, again);
  }
  const again = createTurn(look);

  await look();
  const watcher = watchIfPossible(directory, log, () => {
    cancelSettled();
    cancelSettled = clock.after(settleMs, again);
  });
  return () => {
    stopped = true;
    cancelNext();
    cancelSettled();
    watcher?.close();
  };
}

/** Without a watch (inotify may be exhausted) files are read once a minute. */
function watchIfPossible(directory: string, log: Log, onChange: () => void): FSWatcher | undefined {
  const without = (error: unknown) =>
    log.warn('changes of static pods are seen once a minute: the directory cannot be watched', { directory, error });
  try {
    return watch(directory, { persistent: false }, onChange).on('error', without);
  } catch (error) {
    without(error);
    return undefined;
  }
}

/**
 * One after the other, as on other nodes: a pod whose file has changed begins when the one before has ended, and so does
 * one whose file was taken away and put back.
 */
const isNameEnding = ({ metadata }: Pod, pods: Pick<Pods, 'list' | 'get'>): boolean =>
  pods.list().some((other) => {
    const hasName = isStatic(other) && isNamed(other, metadata);
    return hasName && pods.get(other.metadata.uid!)?.memory.stop?.deleted === true;
  });

const isNamed = ({ metadata }: Pod, { name, namespace }: Pod['metadata']): boolean =>
  metadata.name === name && metadata.namespace === namespace;

/** Shows the pod in the API, and takes away a mirror of an older file. */
async function mirror(pod: Pod, { client, nodeName, nodeUid, pods }: StaticPodsOptions): Promise<void> {
  const owner = nodeUid();
  if (owner === undefined) return;
  const { name, namespace, uid, labels } = pod.metadata;
  const place = { namespace, name };
  const present = await client.get<Pod>('pods', place).catch(ifAbsent);
  const hash = present?.metadata.annotations?.[mirrorAnnotation];
  if (present !== undefined && hash === undefined)
    throw new Error(`${namespace}/${name} is a pod of its own: rename one of the two`);
  if (present !== undefined && hash !== uid) await client.delete('pods', place, { gracePeriodSeconds: 0 });
  if (present !== undefined && hash === uid) return pods.mirrored(uid!, present);
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: owner, controller: true }];
  const annotations = { ...pod.metadata.annotations, [mirrorAnnotation]: uid! };
  const object = { ...pod, metadata: { name, namespace, labels, annotations, ownerReferences } };
  pods.mirrored(uid!, await client.create<Pod>('pods', object as Partial<KubernetesObject>));
}

/** The node authorizer tells a node nothing of pods that are not its own, not even that they do not exist. */
function ifAbsent(error: unknown): undefined {
  if (!(error instanceof ApiError) || (error.reason !== 'NotFound' && error.reason !== 'Forbidden')) throw error;
}
