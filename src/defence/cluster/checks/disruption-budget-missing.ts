import { matchesSelector } from '../../../api/selectors.ts';
import { type Check, failOn, type Manifest, notApplicable, notAssessed, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespace-example.ts';
import { exampleDeployment, podOf } from '../../workload.ts';

const budget: Manifest = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
};

export const disruptionBudgetMissing: Check = {
  id: 'disruption-budget-missing',
  level: 'cluster',
  severity: 'low',
  title: 'What runs more than once has a PodDisruptionBudget',
  kinds: ['Deployment.apps', 'StatefulSet.apps'],
  why: 'a drain, as for a patch, may take all replicas at once',
  mend: 'add a PodDisruptionBudget with maxUnavailable: 1',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [
      [exampleDeployment(), budget],
      [
        exampleDeployment(({ spec }) => {
          spec.replicas = 1;
        }),
      ],
    ],
    fail: [[exampleDeployment(), exampleNamespace()]],
  },
  judge(object, context) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    if ((object['spec']?.replicas ?? 1) < 2) return pass;
    const labels = (found.pod.metadata as { labels?: Record<string, string> } | undefined)?.labels;
    const namespace = object.metadata.namespace ?? '';
    const budgets = context.of('PodDisruptionBudget.policy', namespace);
    if (budgets.some(({ spec }) => matchesSelector(spec?.selector, labels))) return pass;
    const isGiven = () => context.of('Namespace').some(({ metadata }) => metadata.name === namespace);
    if (context.source === 'manifests' && budgets.length === 0 && !isGiven())
      return notAssessed(`neither a PodDisruptionBudget nor the Namespace ${namespace || '(none named)'} is given`);
    const detail = `no PodDisruptionBudget selects its ${object['spec'].replicas} replicas`;
    return failOn([{ field: ['spec', 'replicas'], reason: 'no budget', detail }]);
  },
};
