import { defineKind } from '../define.ts';
import { validateDevices } from '../devices/claim.ts';
import type { ResourceClaimTemplate } from '../schema/types.d.ts';
import { ErrorList, forbiddenValue, immutable } from '../validation/errors.ts';
import { validateAnnotations, validateLabels } from '../validation/metadata.ts';
import { sameValue } from '../validation/values.ts';
import { defaultResourceClaim } from './resource-claim.ts';

export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  hasGeneration: false,
  returnsDeleted: true,
  defaults: ({ spec }) => defaultResourceClaim(spec?.spec),
  validate({ spec }, old) {
    const errors = new ErrorList();
    const { labels, annotations, ...others } = spec?.metadata ?? {};
    if (labels) validateLabels(labels, 'spec.metadata.labels', errors);
    if (annotations) validateAnnotations(annotations, 'spec.metadata.annotations', errors);
    for (const name of Object.keys(others)) errors.push(forbiddenValue(`spec.metadata.${name}`, 'cannot be set'));
    validateDevices(spec?.spec?.devices, 'spec.spec.devices', errors);
    if (old && !sameValue(spec, old.spec)) errors.push(immutable('spec', '…'));
    return errors;
  },
});
