import { type Check, failOn, notApplicable, notAssessed, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespace-example.ts';
import { examplePod, workloadKinds } from '../../workload.ts';
import { examplePolicy } from '../policy-example.ts';
import { selectionOf } from '../selection.ts';

/** `policyTypes` absent: Egress only where there are egress rules. */
const limitsEgress = ({ policyTypes, egress }: { policyTypes?: string[]; egress?: unknown[] }) =>
  policyTypes?.includes('Egress') ?? (egress ?? []).length > 0;

export const networkPolicyEgress: Check = {
  id: 'network-policy/egress-missing',
  level: 'perimeter',
  severity: 'low',
  title: 'A NetworkPolicy says where each pod may connect to',
  kinds: workloadKinds,
  why: 'a pod that is taken sends what it finds to any address, and reaches the metadata service of a cloud',
  mend: 'add a NetworkPolicy with policyType Egress that names what the pods need, DNS included',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[examplePod(), examplePolicy({ policyTypes: ['Ingress', 'Egress'] })]],
    fail: [
      [examplePod(), exampleNamespace()],
      [examplePod(), examplePolicy({ policyTypes: ['Ingress'] })],
    ],
  },
  judge(object, context) {
    const found = selectionOf(object, context);
    if (found === undefined) return notApplicable;
    if (found.policies.some(({ spec }) => limitsEgress(spec ?? {}))) return pass;
    if (found.incomplete) return notAssessed(found.incomplete);
    const then = found.island
      ? '; its namespace is an island, so to that, DNS and the API only'
      : context.source === 'manifests'
        ? '; on Rempart the namespace is an island then, elsewhere anywhere'
        : '';
    const detail = `no NetworkPolicy says where these pods may connect${then}`;
    return failOn([{ field: found.field, reason: 'no policy for egress', detail }]);
  },
};
