import { defineKind } from '../define.ts';
import type { VolumeAttributesClass } from '../schema/types.d.ts';

export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  kind: 'VolumeAttributesClass',
  resource: 'volumeattributesclasses',
  returnsDeleted: true,
  shortNames: ['vac'],
  namespaced: false,
  columns: [{ name: 'DriverName', type: 'string', value: ({ driverName }) => driverName }],
});
