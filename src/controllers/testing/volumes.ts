import type { PersistentVolume, PersistentVolumeClaim } from '../../api/schema/types.d.ts';
import type { TestCluster } from './cluster.ts';

export const claim = (name: string, storageClassName: string, storage = '1Gi') => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});

/** A volume of class `manual` that is kept when its claim goes, unless `extra` says otherwise. */
export const volume = (name: string, storage: string, extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    ...{ capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: 'manual' },
    ...{ persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: `/data/${name}` }, ...extra },
  },
});

export const place = (name: string) => ({ namespace: 'default', name });

export const claimNow = ({ caches }: TestCluster, name: string) =>
  caches('persistentvolumeclaims').get('default', name) as PersistentVolumeClaim | undefined;

export const volumeNow = ({ caches }: TestCluster, name: string) =>
  caches('persistentvolumes').get('', name) as PersistentVolume | undefined;
