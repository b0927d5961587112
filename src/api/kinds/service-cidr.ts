import { defineKind } from '../define.ts';
import type { ServiceCIDR } from '../schema/types.d.ts';

export const serviceCidr = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  namespaced: false,
  status: true,
  columns: [{ name: 'CIDRs', type: 'string', value: ({ spec }) => (spec?.cidrs ?? []).join(',') }],
});
