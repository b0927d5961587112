import { defineKind } from '../define.ts';
import type { CSINode } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, immutable, invalidValue, required } from '../validation/errors.ts';
import { driverName, qualifiedName } from '../validation/names.ts';
import { checkName, checkNotNegative, checkUnique, sameValue } from '../validation/values.ts';

export const csiNode = defineKind<CSINode>({
  group: 'storage.k8s.io',
  kind: 'CSINode',
  resource: 'csinodes',
  hasGeneration: false,
  updatedByVersion: true,
  returnsDeleted: true,
  namespaced: false,
  validate: validateNode,
  columns: [{ name: 'Drivers', type: 'integer', value: ({ spec }) => spec?.drivers?.length ?? 0 }],
});

const nodeIdBytesMax = 256;

/** Source: kubernetes/kubernetes pkg/apis/storage/validation/validation.go, ValidateCSINode. */
function validateNode({ spec }: CSINode, old: CSINode | undefined): FieldError[] {
  const errors = new ErrorList();
  const drivers = spec?.drivers ?? [];
  const earlier = new Map(old?.spec?.drivers?.map((driver) => [driver.name, driver]));
  checkUnique(
    drivers.map(({ name }) => name),
    (index) => `spec.drivers[${index}].name`,
    errors,
  );
  drivers.forEach((driver, index) => {
    const at = `spec.drivers[${index}]`;
    checkName(driver.name, driverName, `${at}.name`, errors);
    if (!driver.nodeID) errors.push(required(`${at}.nodeID`));
    if ((driver.nodeID?.length ?? 0) > nodeIdBytesMax)
      errors.push(invalidValue(`${at}.nodeID`, driver.nodeID, `must be ${nodeIdBytesMax} characters or less`));
    checkNotNegative(driver.allocatable?.count, `${at}.allocatable.count`, errors);
    const keys = driver.topologyKeys ?? [];
    for (const key of keys) checkName(key, qualifiedName, at, errors);
    checkUnique(keys, () => at, errors);
    const before = earlier.get(driver.name);
    const isChanged =
      before && (before.nodeID !== driver.nodeID || !sameValue(before.topologyKeys, driver.topologyKeys));
    if (isChanged) errors.push(immutable(at, driver));
  });
  return errors;
}
