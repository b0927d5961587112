import { defineKind } from '../define.ts';
import type { VolumeAttachment } from '../schema/types.d.ts';

export const volumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  kind: 'VolumeAttachment',
  resource: 'volumeattachments',
  namespaced: false,
  status: true,
  columns: [
    { name: 'Attacher', type: 'string', value: ({ spec }) => spec?.attacher },
    { name: 'PV', type: 'string', value: ({ spec }) => spec?.source.persistentVolumeName ?? '' },
    { name: 'Node', type: 'string', value: ({ spec }) => spec?.nodeName },
    { name: 'Attached', type: 'boolean', value: ({ status }) => status?.attached ?? false },
  ],
});
