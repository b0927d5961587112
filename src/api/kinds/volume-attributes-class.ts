import { defineKind } from '../define.ts';
import type { VolumeAttributesClass } from '../schema/types.d.ts';
import { ErrorList, forbiddenValue, required } from '../validation/errors.ts';
import { driverName } from '../validation/names.ts';
import { checkName, sameValue } from '../validation/values.ts';
import { validateParameters } from './storage-class.ts';

export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  kind: 'VolumeAttributesClass',
  resource: 'volumeattributesclasses',
  returnsDeleted: true,
  shortNames: ['vac'],
  namespaced: false,
  validate({ driverName: driver, parameters }, old) {
    const errors = new ErrorList();
    checkName(driver, driverName, 'driverName', errors);
    validateParameters(parameters, errors);
    if (Object.keys(parameters ?? {}).length === 0)
      errors.push(required('parameters', 'must contain at least one key/value pair'));
    if (old && driver !== old.driverName)
      errors.push(forbiddenValue('driverName', 'updates to driverName are forbidden.'));
    if (old && !sameValue(parameters, old.parameters))
      errors.push(forbiddenValue('parameters', 'updates to parameters are forbidden.'));
    return errors;
  },
  columns: [{ name: 'DriverName', type: 'string', value: ({ driverName }) => driverName }],
});
