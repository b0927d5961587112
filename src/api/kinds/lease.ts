import { defineKind } from '../define.ts';
import type { Lease } from '../schema/types.d.ts';

export const lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  resource: 'leases',
  columns: [{ name: 'Holder', type: 'string', value: ({ spec }) => spec?.holderIdentity ?? '' }],
});
