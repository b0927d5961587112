import { defineKind } from '../define.ts';
import type { DeviceClass } from '../schema/types.d.ts';

export const deviceClass = defineKind<DeviceClass>({
  group: 'resource.k8s.io',
  kind: 'DeviceClass',
  resource: 'deviceclasses',
  returnsDeleted: true,
  namespaced: false,
});
