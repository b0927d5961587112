import { defineKind } from '../define.ts';
import type { Ingress } from '../schema/types.d.ts';
import { none } from '../table.ts';

const hostsMax = 3;

function hosts({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const shown = rules
    .slice(0, hostsMax)
    .map(({ host }) => host ?? '')
    .filter((host) => host !== '');
  if (shown.length === 0) return '*';
  return shown.join(',') + (rules.length > hostsMax ? ` + ${rules.length - hostsMax} more...` : '');
}

export const ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  kind: 'Ingress',
  resource: 'ingresses',
  shortNames: ['ing'],
  status: true,
  columns: [
    {
      name: 'Class',
      type: 'string',
      value: ({ metadata, spec }) =>
        spec?.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class'] ?? none,
    },
    { name: 'Hosts', type: 'string', value: hosts },
    {
      name: 'Address',
      type: 'string',
      value: ({ status }) =>
        (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').join(','),
    },
    { name: 'Ports', type: 'string', value: ({ spec }) => (spec?.tls?.length ? '80, 443' : '80') },
  ],
  prepareCreate(object) {
    object.status = { loadBalancer: {} };
  },
});
