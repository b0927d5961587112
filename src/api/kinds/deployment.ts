import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import { readyOfWanted, replicaScale } from '../pods/replicated.ts';
import { validateWorkload } from '../pods/workloads.ts';
import type { Deployment } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { templateColumns } from '../table.ts';
import { validateReplicas } from '../validation/counts.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, invalidValue } from '../validation/errors.ts';
import { checkEnum, checkNotNegative, checkPodCount, percentOf } from '../validation/values.ts';
import { workloadWarnings } from '../warnings/pods.ts';

const strategies = enumOf(['Recreate', 'RollingUpdate'], 'apps.v1.DeploymentStrategy.type');

export const deployment = defineKind<Deployment>({
  group: 'apps',
  kind: 'Deployment',
  resource: 'deployments',
  warnings: workloadWarnings,
  shortNames: ['deploy'],
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateReplicas(status),
  scale: replicaScale,
  columns: [
    readyOfWanted,
    { name: 'Up-to-date', type: 'string', value: ({ status }) => status?.updatedReplicas ?? 0 },
    { name: 'Available', type: 'string', value: ({ status }) => status?.availableReplicas ?? 0 },
    ...templateColumns,
  ],
  // Source: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go, SetDefaults_Deployment.
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    defaultPodTemplate(spec.template);
  },
  validate: (object, old) => [...validateWorkload(object, old), ...validateStrategy(object)],
});

/** Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateDeploymentStrategy. */
function validateStrategy({ spec }: Deployment): FieldError[] {
  const errors = new ErrorList();
  const { strategy, revisionHistoryLimit, progressDeadlineSeconds, minReadySeconds = 0 } = spec ?? {};
  checkEnum(strategy?.type, strategies, 'spec.strategy.type', errors);
  const rolling = strategy?.rollingUpdate;
  if (strategy?.type === 'Recreate' && rolling)
    errors.push(
      forbiddenValue('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"),
    );
  if (rolling) {
    const { maxUnavailable, maxSurge } = rolling;
    checkPodCount(maxUnavailable, 'spec.strategy.rollingUpdate.maxUnavailable', errors);
    checkPodCount(maxSurge, 'spec.strategy.rollingUpdate.maxSurge', errors);
    const isZero = (value: number | string | undefined) => (percentOf(value) ?? value ?? 0) === 0;
    if (isZero(maxUnavailable) && isZero(maxSurge))
      errors.push(
        invalidValue('spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable, 'may not be 0 when `maxSurge` is 0'),
      );
    if ((percentOf(maxUnavailable) ?? 0) > 100)
      errors.push(
        invalidValue('spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable, 'must not be greater than 100%'),
      );
  }
  checkNotNegative(revisionHistoryLimit, 'spec.revisionHistoryLimit', errors);
  checkNotNegative(progressDeadlineSeconds, 'spec.progressDeadlineSeconds', errors);
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds)
    errors.push(
      invalidValue('spec.progressDeadlineSeconds', progressDeadlineSeconds, 'must be greater than minReadySeconds'),
    );
  return errors;
}
