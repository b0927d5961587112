import { defineKind } from '../define.ts';
import type { CSINode } from '../schema/types.d.ts';

export const csiNode = defineKind<CSINode>({
  group: 'storage.k8s.io',
  kind: 'CSINode',
  resource: 'csinodes',
  hasGeneration: false,
  updatedByVersion: true,
  returnsDeleted: true,
  namespaced: false,
  columns: [{ name: 'Drivers', type: 'integer', value: ({ spec }) => spec?.drivers?.length ?? 0 }],
});
