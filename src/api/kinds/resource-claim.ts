import { defineKind } from '../define.ts';
import { validateDevices } from '../devices/claim.ts';
import type { ResourceClaimSpec, ResourceResourceClaim } from '../schema/types.d.ts';
import { ErrorList, immutable } from '../validation/errors.ts';
import { sameValue } from '../validation/values.ts';

/** Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, resourceClaimState. */
function state({ metadata, status }: ResourceResourceClaim): string {
  const words: string[] = [];
  if (metadata.deletionTimestamp) words.push('deleted');
  if (!status?.allocation) words.push(metadata.deletionTimestamp ? '' : 'pending');
  else {
    words.push('allocated');
    if (status.reservedFor?.length) words.push('reserved');
  }
  return words.filter((word) => word !== '').join(',');
}

/** Source: kubernetes/kubernetes pkg/apis/resource/v1/defaults.go. */
export function defaultResourceClaim(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? [])
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      request.allocationMode ||= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ||= 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal';
    }
}

export const resourceClaim = defineKind<ResourceResourceClaim>({
  group: 'resource.k8s.io',
  kind: 'ResourceClaim',
  resource: 'resourceclaims',
  hasGeneration: false,
  returnsDeleted: true,
  status: true,
  columns: [{ name: 'State', type: 'string', value: state }],
  defaults: ({ spec }) => defaultResourceClaim(spec),
  validate({ spec }, old) {
    const errors = new ErrorList();
    validateDevices(spec?.devices, 'spec.devices', errors);
    if (old && !sameValue(spec, old.spec)) errors.push(immutable('spec', '…'));
    return errors;
  },
});
