import { defineKind } from '../define.ts';
import type { Lease } from '../schema/types.d.ts';
import { ErrorList } from '../validation/errors.ts';
import { checkNotNegative, checkPositive } from '../validation/values.ts';

export const lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  resource: 'leases',
  anyFinalizer: true,
  hasGeneration: false,
  updatedByVersion: true,
  createdByUpdate: true,
  validate({ spec }) {
    const errors = new ErrorList();
    checkPositive(spec?.leaseDurationSeconds, 'spec.leaseDurationSeconds', errors);
    checkNotNegative(spec?.leaseTransitions, 'spec.leaseTransitions', errors);
    return errors;
  },
  columns: [{ name: 'Holder', type: 'string', value: ({ spec }) => spec?.holderIdentity ?? '' }],
});
