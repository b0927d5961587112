import { matchesSelector } from '../../../api/selectors.ts';
import { type Check, failOn, type Manifest, notAssessed, pass } from '../../contract.ts';
import { exampleDeployment, examplePod, podOf, workloadKinds } from '../../workload.ts';
import { examplePolicy } from '../policy-example.ts';
import { matchesAll } from '../selection.ts';

const selecting = (app: string) => examplePolicy({ podSelector: { matchLabels: { app } } });

export const networkPolicyWithoutPods: Check = {
  id: 'network-policy/without-pods',
  level: 'perimeter',
  severity: 'low',
  title: 'Every NetworkPolicy selects pods',
  kinds: ['NetworkPolicy.networking.k8s.io'],
  why: 'a policy whose selector matches no pod, for a letter or a label that has changed, is believed to protect and does not',
  mend: 'write the labels that the pods have into podSelector, or delete the policy',
  benchmark: ['CIS 5.3.2', 'NSA network separation and hardening'],
  examples: {
    pass: [
      [selecting('web'), exampleDeployment()],
      [selecting('web'), examplePod()],
      [examplePolicy({ podSelector: {} }), exampleDeployment()],
    ],
    fail: [[selecting('wep'), exampleDeployment()]],
  },
  judge({ metadata, spec }, context) {
    // Of an empty selector it is meant that pods may come.
    if (matchesAll(spec?.podSelector ?? {})) return pass;
    const there = (kind: string) => context.of(kind, metadata.namespace ?? '');
    const isSelected = (object: Manifest) => matchesSelector(spec?.podSelector, podOf(object)?.pod.metadata?.labels);
    if (workloadKinds.some((kind) => there(kind).some(isSelected))) return pass;
    if (context.source === 'manifests' && workloadKinds.every((kind) => there(kind).length === 0))
      return notAssessed('its pods may be elsewhere');
    const detail = 'no pod of the namespace has these labels';
    return failOn([{ field: ['spec', 'podSelector'], reason: 'selects no pod', detail }]);
  },
};
