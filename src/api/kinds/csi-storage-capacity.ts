import { defineKind } from '../define.ts';
import type { CSIStorageCapacity } from '../schema/types.d.ts';
import { nameColumn } from '../table.ts';

export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  kind: 'CSIStorageCapacity',
  resource: 'csistoragecapacities',
  updatedByVersion: true,
  wholeTable: true,
  columns: [
    nameColumn,
    { name: 'StorageClassName', type: 'string', value: ({ storageClassName }) => storageClassName },
    { name: 'Capacity', type: 'string', value: ({ capacity }) => capacity ?? '<unset>' },
  ],
});
