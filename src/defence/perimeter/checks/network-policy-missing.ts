import { type Check, failOn, notApplicable, notAssessed, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespace-example.ts';
import { examplePod, workloadKinds } from '../../workload.ts';
import { examplePolicy } from '../policy-example.ts';
import { selectionOf } from '../selection.ts';

export const networkPolicyMissing: Check = {
  id: 'network-policy/missing',
  level: 'perimeter',
  severity: 'medium',
  title: 'A NetworkPolicy says who may reach each pod',
  kinds: workloadKinds,
  why: 'a pod that no policy selects can be reached by every pod of the cluster, once one of them is taken',
  mend: 'add a NetworkPolicy that selects the pods and names who may connect',
  benchmark: ['CIS 5.3.2', 'NSA network separation and hardening'],
  examples: {
    pass: [[examplePod(), examplePolicy({ policyTypes: ['Ingress'] })]],
    fail: [
      [examplePod(), exampleNamespace()],
      [examplePod(), examplePolicy({ podSelector: { matchLabels: { app: 'other' } } })],
      [examplePod(), examplePolicy({ policyTypes: ['Egress'] })],
    ],
  },
  judge(object, context) {
    const found = selectionOf(object, context);
    if (found === undefined) return notApplicable;
    if (found.policies.some(({ spec }) => (spec.policyTypes ?? ['Ingress']).includes('Ingress'))) return pass;
    if (found.incomplete) return notAssessed(found.incomplete);
    const { field, island } = found;
    const then = island
      ? '; its namespace is an island, so only that reaches them'
      : context.source === 'manifests'
        ? '; on Rempart the namespace is an island then, elsewhere all may connect'
        : '';
    const detail = `no NetworkPolicy selects these pods for ingress${then}`;
    return failOn([{ field, reason: 'no policy', detail, ...(island ? { severity: 'low' } : {}) }]);
  },
};
