import { defineKind } from '../define.ts';
import type { NetworkPolicy } from '../schema/types.d.ts';
import { showSelector } from '../selectors.ts';

export const networkPolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  shortNames: ['netpol'],
  columns: [{ name: 'Pod-Selector', type: 'string', value: ({ spec }) => showSelector(spec?.podSelector) }],
  // Source: kubernetes/kubernetes pkg/apis/networking/v1/defaults.go.
  defaults({ spec }) {
    if (!spec) return;
    spec.podSelector ??= {};
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      for (const port of ports ?? []) port.protocol ??= 'TCP';
    if (spec.policyTypes?.length) return;
    // A policy that lists egress rules is about egress too; every policy is about ingress.
    spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
});
