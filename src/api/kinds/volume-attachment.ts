import { defineKind } from '../define.ts';
import type { VolumeAttachment } from '../schema/types.d.ts';
import { invalidValue, required } from '../validation/errors.ts';
import { sameValue } from '../validation/values.ts';

export const volumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  kind: 'VolumeAttachment',
  resource: 'volumeattachments',
  hasGeneration: false,
  updatedByVersion: true,
  returnsDeleted: true,
  namespaced: false,
  status: true,
  validate({ spec }, old) {
    if (old && !sameValue(spec, old.spec)) return [invalidValue('spec', spec, 'field is immutable')];
    return spec?.source?.persistentVolumeName || spec?.source?.inlineVolumeSpec ? [] : [required('spec.source')];
  },
  columns: [
    { name: 'Attacher', type: 'string', value: ({ spec }) => spec?.attacher },
    { name: 'PV', type: 'string', value: ({ spec }) => spec?.source?.persistentVolumeName ?? '' },
    { name: 'Node', type: 'string', value: ({ spec }) => spec?.nodeName },
    { name: 'Attached', type: 'boolean', value: ({ status }) => status?.attached ?? false },
  ],
});
