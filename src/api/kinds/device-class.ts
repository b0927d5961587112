import { defineKind } from '../define.ts';
import { validateOpaque, validateSelectors } from '../devices/claim.ts';
import type { DeviceClass } from '../schema/types.d.ts';
import { ErrorList, invalidValue, tooMany } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';

const configMax = 32;
const isExtended = (name: string): boolean =>
  name.includes('/') && !name.includes('kubernetes.io/') && qualifiedName(`requests.${name}`) === undefined;

export const deviceClass = defineKind<DeviceClass>({
  group: 'resource.k8s.io',
  kind: 'DeviceClass',
  resource: 'deviceclasses',
  returnsDeleted: true,
  namespaced: false,
  validate({ spec }) {
    const errors = new ErrorList();
    const { selectors, config = [], extendedResourceName } = spec ?? {};
    validateSelectors(selectors, 'spec.selectors', errors);
    if (config.length > configMax) return [tooMany('spec.config', config.length, configMax)];
    config.forEach(({ opaque }, index) => {
      validateOpaque(opaque, `spec.config[${index}].opaque`, errors);
    });
    if (extendedResourceName !== undefined && !isExtended(extendedResourceName))
      errors.push(
        invalidValue('spec.extendedResourceName', extendedResourceName, 'must be a valid extended resource name'),
      );
    return errors;
  },
});
