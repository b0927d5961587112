import { defineKind } from '../define.ts';
import type { CSIStorageCapacity } from '../schema/types.d.ts';
import { createdAtColumn, nameColumn } from '../table.ts';
import { ErrorList, immutable } from '../validation/errors.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkName, checkQuantity, sameValue } from '../validation/values.ts';

export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  kind: 'CSIStorageCapacity',
  resource: 'csistoragecapacities',
  updatedByVersion: true,
  validate({ storageClassName, capacity, maximumVolumeSize, nodeTopology }, old) {
    const errors = new ErrorList();
    checkName(storageClassName, dnsSubdomain, 'storageClassName', errors);
    if (capacity !== undefined) checkQuantity(capacity, 'capacity', errors);
    if (maximumVolumeSize !== undefined) checkQuantity(maximumVolumeSize, 'maximumVolumeSize', errors);
    validateSelector(nodeTopology, 'nodeTopology', errors);
    if (old && !sameValue(nodeTopology, old.nodeTopology)) errors.push(immutable('nodeTopology', nodeTopology));
    if (old && storageClassName !== old.storageClassName) errors.push(immutable('storageClassName', storageClassName));
    return errors;
  },
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
});
