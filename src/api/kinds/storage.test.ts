import { testFields } from '../testing/refusals.ts';

testFields([
  ['storage.k8s.io/v1 CSIDriver', 'metadata.name', 'Upper', 'metadata.name'],
  ['v1 PersistentVolumeClaim', 'spec.volumeMode', '', 'spec.volumeMode'],
  ['v1 PersistentVolume', 'spec.capacity', { storage: '0' }, 'spec.capacity[storage]'],
  ['v1 PersistentVolume', 'spec.capacity', { storage: '1Gi', cpu: '1' }, 'spec.capacity'],
  ['v1 PersistentVolume', 'spec.storageClassName', 'Not A Name', 'spec.storageClassName'],
  ['v1 PersistentVolume', 'spec.nodeAffinity', {}, 'spec.nodeAffinity.required'],
  ['v1 PersistentVolumeClaim', 'spec.storageClassName', 'Not A Name', 'spec.storageClassName'],
  ['v1 PersistentVolumeClaim', 'spec.resources.requests', { storage: '0' }, 'spec.resources[storage]'],
  ['v1 PersistentVolumeClaim', 'spec.dataSource', { kind: 'Pod', name: 'x' }, 'spec.dataSource', 'spec.dataSourceRef'],
  ['storage.k8s.io/v1 StorageClass', 'parameters', { '': 'a' }, 'parameters'],
  [
    'storage.k8s.io/v1 StorageClass',
    'allowedTopologies',
    [{ matchLabelExpressions: [{ key: 'zone', values: [] }] }],
    'allowedTopologies[0].matchLabelExpressions[0].values',
  ],
  ['storage.k8s.io/v1 VolumeAttributesClass', 'parameters', {}, 'parameters'],
  ['storage.k8s.io/v1 CSIDriver', 'spec.fsGroupPolicy', 'Any', 'spec.fsGroupPolicy'],
  [
    'storage.k8s.io/v1 CSIDriver',
    'spec.tokenRequests',
    [{ audience: 'a', expirationSeconds: 1 }],
    'spec.tokenRequests[0].expirationSeconds',
  ],
  ['storage.k8s.io/v1 CSINode', 'spec.drivers', [{ name: 'a', nodeID: '' }], 'spec.drivers[0].nodeID'],
  ['storage.k8s.io/v1 CSIStorageCapacity', 'capacity', '-1', 'capacity'],
  ['storage.k8s.io/v1 VolumeAttachment', 'spec.attacher', 'Not A Name', 'spec.attacher'],
]);
