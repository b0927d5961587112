import { defineKind } from '../define.ts';
import { validateSlice } from '../devices/slice.ts';
import type { ResourceSlice } from '../schema/types.d.ts';

export const resourceSlice = defineKind<ResourceSlice>({
  group: 'resource.k8s.io',
  kind: 'ResourceSlice',
  resource: 'resourceslices',
  returnsDeleted: true,
  namespaced: false,
  validate: ({ spec }, old) => validateSlice(spec, old?.spec),
  selectableFields: ['spec.nodeName', 'spec.driver'],
  columns: [
    { name: 'Node', type: 'string', value: ({ spec }) => spec?.nodeName ?? '' },
    { name: 'Driver', type: 'string', value: ({ spec }) => spec?.driver },
    { name: 'Pool', type: 'string', value: ({ spec }) => spec?.pool?.name },
  ],
});
