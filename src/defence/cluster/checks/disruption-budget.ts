import { matchesSelector } from '../../../api/selectors.ts';
import { type Check, failOn, type JudgeContext, type Manifest, notAssessed, pass } from '../../contract.ts';
import { exampleDeployment, podOf } from '../../workload.ts';

const budget = (spec: object): Manifest => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
});

export const disruptionBudget: Check = {
  id: 'disruption-budget',
  level: 'cluster',
  severity: 'medium',
  title: 'Every PodDisruptionBudget allows one disruption',
  kinds: ['PodDisruptionBudget.policy'],
  why: 'a budget that allows none stops every drain, so nodes stay unpatched',
  mend: 'allow one pod to be away (maxUnavailable: 1), or run one replica more',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [[budget({ maxUnavailable: 1 })], [budget({ minAvailable: 1 }), exampleDeployment()]],
    fail: [
      [budget({ maxUnavailable: 0 })],
      [budget({ minAvailable: '100%' })],
      [budget({ minAvailable: 2 }), exampleDeployment()],
    ],
  },
  judge(object, context) {
    const { maxUnavailable, minAvailable } = object['spec'] ?? {};
    if (maxUnavailable === 0 || maxUnavailable === '0%' || minAvailable === '100%') {
      const key = minAvailable === undefined ? 'maxUnavailable' : 'minAvailable';
      const detail = `${key}: ${minAvailable ?? maxUnavailable} allows no disruption, however many pods there are`;
      return failOn([{ field: ['spec', key], reason: 'no disruption allowed', detail }]);
    }
    // A share is rounded up, so that one pod may always be away when it is below 100%.
    if (typeof minAvailable !== 'number' || minAvailable === 0) return pass;
    const replicas = replicasOf(object, context);
    if (replicas === undefined) return notAssessed('the workload that it selects is not among the manifests');
    if (replicas > minAvailable) return pass;
    const detail = `minAvailable: ${minAvailable} of ${replicas} replicas allows no disruption`;
    return failOn([{ field: ['spec', 'minAvailable'], reason: 'no disruption allowed', detail }]);
  },
};

function replicasOf({ metadata, spec }: Manifest, context: JudgeContext): number | undefined {
  const selected = ['Deployment.apps', 'StatefulSet.apps', 'ReplicaSet.apps', 'ReplicationController']
    .flatMap((kind) => context.of(kind, metadata.namespace ?? ''))
    .filter((owner) => matchesSelector(spec.selector, podOf(owner)?.pod.metadata?.['labels' as never] as never));
  if (selected.length === 0) return undefined;
  return selected.reduce((sum, { spec: { replicas } }) => sum + (replicas ?? 1), 0);
}
