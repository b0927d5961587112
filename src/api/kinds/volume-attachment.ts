import { defineKind } from '../define.ts';
import type { VolumeAttachment } from '../schema/types.d.ts';
import { ErrorList, forbiddenValue, invalidValue, required } from '../validation/errors.ts';
import { dnsSubdomain, driverName } from '../validation/names.ts';
import { checkName, sameValue } from '../validation/values.ts';

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
    const errors = new ErrorList();
    const { attacher, nodeName, source } = spec ?? {};
    checkName(attacher, driverName, 'spec.attacher', errors);
    checkName(nodeName, dnsSubdomain, 'spec.nodeName', errors);
    const volume = source?.persistentVolumeName;
    if (volume === undefined && !source?.inlineVolumeSpec)
      errors.push(required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
    if (volume !== undefined && source?.inlineVolumeSpec)
      errors.push(
        forbiddenValue('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'),
      );
    else if (volume !== undefined) checkName(volume, dnsSubdomain, 'spec.source.persistentVolumeName', errors);
    if (old && !sameValue(spec, old.spec)) errors.push(invalidValue('spec', spec, 'field is immutable'));
    return errors;
  },
  columns: [
    { name: 'Attacher', type: 'string', format: 'name', value: ({ spec }) => spec?.attacher },
    { name: 'PV', type: 'string', value: ({ spec }) => spec?.source?.persistentVolumeName ?? '' },
    { name: 'Node', type: 'string', value: ({ spec }) => spec?.nodeName },
    { name: 'Attached', type: 'boolean', value: ({ status }) => status?.attached ?? false },
  ],
});
