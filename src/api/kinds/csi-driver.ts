import { defineKind } from '../define.ts';
import type { CSIDriver } from '../schema/types.d.ts';

export const csiDriver = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  hasGeneration: false,
  updatedByVersion: true,
  returnsDeleted: true,
  namespaced: false,
  columns: [
    { name: 'AttachRequired', type: 'boolean', value: ({ spec }) => spec?.attachRequired ?? true },
    { name: 'PodInfoOnMount', type: 'boolean', value: ({ spec }) => spec?.podInfoOnMount ?? false },
    { name: 'StorageCapacity', type: 'boolean', value: ({ spec }) => spec?.storageCapacity ?? false },
    {
      name: 'TokenRequests',
      type: 'string',
      value: ({ spec }) => (spec?.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
    },
    { name: 'RequiresRepublish', type: 'boolean', value: ({ spec }) => spec?.requiresRepublish ?? false },
    {
      name: 'Modes',
      type: 'string',
      value: ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
    },
  ],
  // Source: kubernetes/kubernetes pkg/apis/storage/v1/defaults.go.
  defaults({ spec }) {
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
});
