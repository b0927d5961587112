import { join } from 'node:path';
import { localPathFinalizer, localPathNode } from '../api/local-path.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { selectedNode } from '../api/volume-match.ts';
import type { Controller, ControllerContext } from '../reconcile/controller.ts';
import { isDeleting, keyOf } from '../reconcile/owned.ts';
import { nodeExists } from './node-exists.ts';
import { provisionedBy } from './volume-reclaim.ts';

const claims = 'persistentvolumeclaims';
const volumes = 'persistentvolumes';
const classes = 'storageclasses.storage.k8s.io';

export const localPathProvisioner = 'rempart.io/local-path';

/**
 * Makes volumes that are directories on the node where the first pod of a claim will run. Nothing is written here: the
 * node's agent makes the directory when it mounts it, and removes it when the volume is deleted.
 */
export const localPathController = (volumesDirectory: string): Controller => ({
  name: 'local-path-provisioner',
  reconciles: claims,
  reads: [volumes, classes, 'nodes'],
  writes: { [volumes]: ['create'] },
  enqueue: { [classes]: ({ metadata }, { cache }) => waitingFor(metadata.name, cache(claims).list()) },

  async reconcile({ namespace, name }, context) {
    const claim = context.cache<PersistentVolumeClaim>(claims).get(namespace, name);
    if (claim === undefined || isDeleting(claim) || claim.spec?.volumeName) return undefined;
    const storageClass = context.cache<StorageClass>(classes).get('', claim.spec?.storageClassName ?? '');
    if (storageClass?.provisioner !== localPathProvisioner) return undefined;
    const node = nodeFor(context, claim, storageClass);
    if (node === undefined) return undefined;
    if (context.cache(volumes).get('', volumeName(claim))) return undefined;
    const lacking = whatItLacks(claim, storageClass);
    if (lacking !== undefined) {
      context.event(claim, 'Warning', 'ProvisioningFailed', `${localPathProvisioner} ${lacking}`);
      return undefined;
    }
    try {
      await context.client.create(volumes, volumeOf(claim, storageClass, node, volumesDirectory));
      context.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeName(claim)}`);
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
    }
    return undefined;
  },
});

/** A disk that went with its node needs no cleaning: its volumes must not wait for an agent that never comes. */
export const localPathReleaseController = (): Controller => ({
  name: 'local-path-release',
  reconciles: volumes,
  reads: ['nodes'],
  writes: { [volumes]: ['patch'] },
  enqueue: {
    nodes: ({ metadata }, { cache }) => {
      if (cache('nodes').get('', metadata.name)) return [];
      const all = cache(volumes).list();
      return all.filter((volume) => volume.metadata.annotations?.[localPathNode] === metadata.name).map(keyOf);
    },
  },

  async reconcile({ name }, { cache, client }) {
    const volume = cache<PersistentVolume>(volumes).get('', name);
    if (volume === undefined || !isDeleting(volume)) return undefined;
    const { finalizers = [], annotations = {}, uid, resourceVersion } = volume.metadata;
    const node = annotations[localPathNode];
    if (node === undefined || !finalizers.includes(localPathFinalizer)) return undefined;
    if (cache('nodes').get('', node) || (await nodeExists(client, node))) return undefined;
    const kept = finalizers.filter((finalizer) => finalizer !== localPathFinalizer);
    await client.patch(
      volumes,
      { name },
      { type: 'merge', body: { metadata: { uid, resourceVersion, finalizers: kept } } },
    );
    return undefined;
  },
});

/** What is asked for that a directory of the node cannot be. */
function whatItLacks({ spec }: PersistentVolumeClaim, { mountOptions = [] }: StorageClass): string | undefined {
  if (spec?.volumeMode === 'Block') return 'makes no block devices';
  const source = spec?.dataSourceRef ?? spec?.dataSource;
  if (source) return `makes empty volumes only, not of ${source.kind} ${source.name}`;
  return mountOptions.length > 0 ? `mounts without options, its class names ${mountOptions.join(', ')}` : undefined;
}

const volumeName = ({ metadata }: PersistentVolumeClaim) => `pvc-${metadata.uid}`;

const waitingFor = (className: string, all: { metadata: PersistentVolumeClaim['metadata']; [field: string]: any }[]) =>
  all
    .filter(({ spec }) => spec?.storageClassName === className && !spec.volumeName)
    .map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name }));

/** The scheduler's choice; a class that binds at once gets the first node there is. */
function nodeFor({ cache }: ControllerContext, claim: PersistentVolumeClaim, { volumeBindingMode }: StorageClass) {
  const chosen = claim.metadata.annotations?.[selectedNode];
  if (chosen) return cache<Node>('nodes').get('', chosen);
  return volumeBindingMode === 'WaitForFirstConsumer' ? undefined : cache<Node>('nodes').list()[0];
}

function volumeOf(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: Node,
  volumesDirectory: string,
): PersistentVolume {
  const name = volumeName(claim);
  const hostname = node.metadata.labels?.['kubernetes.io/hostname'] ?? node.metadata.name;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [provisionedBy]: localPathProvisioner, [localPathNode]: node.metadata.name },
      finalizers: [localPathFinalizer],
    },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] ?? '0' },
      accessModes: claim.spec?.accessModes,
      volumeMode: 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      claimRef: {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        namespace: claim.metadata.namespace,
        name: claim.metadata.name,
        uid: claim.metadata.uid,
      },
      hostPath: { path: join(volumesDirectory, name), type: 'DirectoryOrCreate' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] },
          ],
        },
      },
    },
  };
}
