import { matchesSelector } from '../../../api/selectors.ts';
import { type Check, failOn, notApplicable, notAssessed, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespaces.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';
import { isIsland } from '../island.ts';
import { examplePolicy } from '../policy-example.ts';

const policyKind = 'NetworkPolicy.networking.k8s.io';

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
    const found = podOf(object);
    // Policies do not select these: exposure/host-network tells of them.
    if (found === undefined || found.pod.spec['hostNetwork'] === true) return notApplicable;
    const namespace = object.metadata.namespace ?? '';
    const labels = (found.pod.metadata as { labels?: Record<string, string> } | undefined)?.labels;
    const policies = context.of(policyKind, namespace);
    const selecting = policies.filter(
      ({ spec }) => matchesSelector(spec?.podSelector, labels) && (spec.policyTypes ?? ['Ingress']).includes('Ingress'),
    );
    if (selecting.length > 0) return pass;
    const complete = context.source === 'cluster' || policies.length > 0 || isGiven(namespace, context.of('Namespace'));
    if (!complete)
      return notAssessed(`neither a NetworkPolicy nor the Namespace ${namespace || '(none named)'} is given`);
    const island = isIsland(context, namespace);
    const then = island
      ? '; its namespace is an island, so only that reaches them'
      : context.source === 'manifests'
        ? '; on Rempart the namespace is an island then, elsewhere all may connect'
        : '';
    const field = [...found.prefix, 'metadata', 'labels'];
    const detail = `no NetworkPolicy selects these pods for ingress${then}`;
    return failOn([{ field, reason: 'no policy', detail, ...(island ? { severity: 'low' } : {}) }]);
  },
};

const isGiven = (name: string, namespaces: { metadata: { name: string } }[]) =>
  namespaces.some(({ metadata }) => metadata.name === name);
