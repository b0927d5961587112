import { matchesSelector } from '../../../api/selectors.ts';
import { type Check, failOn, notAssessed, pass } from '../../contract.ts';
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
    const pods = workloadKinds.flatMap((kind) => context.of(kind, metadata.namespace ?? '')).map(podOf);
    const isSelected = pods.some((found) => matchesSelector(spec?.podSelector, found?.pod.metadata?.labels));
    // Of an empty selector it is meant that pods may come.
    if (isSelected || matchesAll(spec?.podSelector ?? {})) return pass;
    if (pods.length === 0 && context.source === 'manifests') return notAssessed('its pods may be elsewhere');
    const detail = `no pod of the namespace has these labels`;
    return failOn([{ field: ['spec', 'podSelector'], reason: 'selects no pod', detail }]);
  },
};
