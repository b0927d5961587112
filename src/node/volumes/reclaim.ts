import { localPathFinalizer, localPathNode } from '../../api/local-path.ts';
import type { PersistentVolume } from '../../api/schema/types.d.ts';
import type { Cache } from '../../client/cache.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { removeLocal } from './persistent.ts';

export type ReclaimOptions = {
  /** May read persistent volumes and patch their finalizers. */
  client: Client;
  volumes: Cache<any>;
  nodeName: string;
  localPathRoot: string;
  /** Is the volume's claim used by a pod that still runs here? */
  inUse(volume: PersistentVolume): boolean;
  clock: Clock;
  log: Log;
};

const retryMs = 10_000;

/** Removes the directories of this node's local-path volumes when they are deleted. Returns what ends it. */
export function startReclaim(options: ReclaimOptions): () => void {
  const { volumes, nodeName, clock, log } = options;
  const working = new Set<string>();
  let stopped = false;

  async function consider(volume: PersistentVolume): Promise<void> {
    const { name, deletionTimestamp, finalizers = [], annotations = {} } = volume.metadata;
    if (stopped || !deletionTimestamp || !finalizers.includes(localPathFinalizer)) return;
    if (annotations[localPathNode] !== nodeName || working.has(name)) return;
    working.add(name);
    try {
      if (options.inUse(volume)) throw new Error('a pod still uses it');
      await reclaim(volume, options);
    } catch (error) {
      log.warn('a deleted volume could not be removed; trying again', { volume: name, retryMs, error });
      clock.after(retryMs, () => {
        const current = volumes.get('', name);
        if (current) void consider(current);
      });
    } finally {
      working.delete(name);
    }
  }

  const unsubscribe = volumes.subscribe((type, volume) => {
    if (type !== 'DELETED') void consider(volume);
  });
  return () => {
    stopped = true;
    unsubscribe();
  };
}

/** With policy Retain the data stays and only the object goes. */
async function reclaim(volume: PersistentVolume, { client, localPathRoot, log }: ReclaimOptions): Promise<void> {
  const { name } = volume.metadata;
  if (volume.spec?.persistentVolumeReclaimPolicy === 'Delete') {
    await removeLocal(localPathRoot, volume);
    log.info('the data of a deleted volume was removed', { volume: name });
  }
  // Others take their finalizers away at the same time: what was watched may be old by now.
  const current = await client.get<PersistentVolume>('persistentvolumes', { name });
  const { uid, resourceVersion, finalizers = [] } = current.metadata;
  const kept = finalizers.filter((finalizer) => finalizer !== localPathFinalizer);
  const body = { metadata: { uid, resourceVersion, finalizers: kept } };
  await client.patch('persistentvolumes', { name }, { type: 'merge', body });
}
