import { defineKind } from '../define.ts';
import type { ServiceCIDR } from '../schema/types.d.ts';
import { ErrorList, immutable, invalidValue, required, tooMany } from '../validation/errors.ts';
import { checkCidr, hasFamilyTwice, sameValue } from '../validation/values.ts';

export const serviceCidr = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  hasGeneration: false,
  namespaced: false,
  status: true,
  validate({ spec }, old) {
    const errors = new ErrorList();
    const cidrs = spec?.cidrs ?? [];
    if (cidrs.length === 0) errors.push(required('spec.cidrs', 'at least one CIDR required'));
    if (cidrs.length > 2) errors.push(tooMany('spec.cidrs', cidrs.length, 2));
    cidrs.forEach((cidr, index) => {
      checkCidr(cidr, `spec.cidrs[${index}]`, errors);
    });
    if (cidrs.length === 2 && hasFamilyTwice(cidrs))
      errors.push(
        invalidValue(
          'spec.cidrs',
          cidrs,
          'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
        ),
      );
    if (old && !sameValue(cidrs, old.spec?.cidrs ?? [])) errors.push(immutable('spec.cidrs', cidrs));
    return errors;
  },
  columns: [{ name: 'CIDRs', type: 'string', value: ({ spec }) => (spec?.cidrs ?? []).join(',') }],
});
