import { matchesSelector } from '../../../api/selectors.ts';
import { type Check, failOn, notApplicable, notAssessed, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespaces.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';
import { isIsland } from '../island.ts';
import { examplePolicy } from '../policy-example.ts';

const policyKind = 'NetworkPolicy.networking.k8s.io';

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
    const found = podOf(object);
    if (found === undefined || found.pod.spec['hostNetwork'] === true) return notApplicable;
    const namespace = object.metadata.namespace ?? '';
    const labels = (found.pod.metadata as { labels?: Record<string, string> } | undefined)?.labels;
    const policies = context.of(policyKind, namespace);
    if (policies.some(({ spec }) => limitsEgress(spec ?? {}) && matchesSelector(spec?.podSelector, labels)))
      return pass;
    const isGiven = () => context.of('Namespace').some(({ metadata }) => metadata.name === namespace);
    if (context.source === 'manifests' && policies.length === 0 && !isGiven())
      return notAssessed(`neither a NetworkPolicy nor the Namespace ${namespace || '(none named)'} is given`);
    const field = [...found.prefix, 'metadata', 'labels'];
    const then = isIsland(context, namespace)
      ? '; its namespace is an island, so to that, DNS and the API only'
      : context.source === 'manifests'
        ? '; on Rempart the namespace is an island then, elsewhere anywhere'
        : '';
    const detail = `no NetworkPolicy says where these pods may connect${then}`;
    return failOn([{ field, reason: 'no policy for egress', detail }]);
  },
};
