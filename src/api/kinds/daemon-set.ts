import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import { validateWorkload } from '../pods/workloads.ts';
import type { DaemonSet } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { showLabels, templateColumns } from '../table.ts';
import { validateCounts } from '../validation/counts.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, invalidValue } from '../validation/errors.ts';
import { checkEnum, checkNotNegative, checkPodCount, percentOf } from '../validation/values.ts';
import { templateWarnings } from '../warnings/pods.ts';

const strategies = enumOf(['OnDelete', 'RollingUpdate'], 'apps.v1.DaemonSetUpdateStrategy.type');

export const daemonSet = defineKind<DaemonSet>({
  group: 'apps',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  warnings: (object, old) => templateWarnings(object, old),
  shortNames: ['ds'],
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateCounts(status),
  columns: [
    { name: 'Desired', type: 'integer', value: ({ status }) => status?.desiredNumberScheduled ?? 0 },
    { name: 'Current', type: 'integer', value: ({ status }) => status?.currentNumberScheduled ?? 0 },
    { name: 'Ready', type: 'integer', value: ({ status }) => status?.numberReady ?? 0 },
    { name: 'Up-to-date', type: 'integer', value: ({ status }) => status?.updatedNumberScheduled ?? 0 },
    { name: 'Available', type: 'integer', value: ({ status }) => status?.numberAvailable ?? 0 },
    {
      name: 'Node Selector',
      type: 'string',
      value: ({ spec }) => showLabels(spec?.template?.spec?.nodeSelector),
    },
    ...templateColumns,
  ],
  // Source: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go, SetDefaults_DaemonSet.
  defaults({ spec }) {
    if (!spec) return;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
  },
  validate: (object, old) => [...validateWorkload(object, old), ...validateUpdateStrategy(object)],
  prepareCreate(object) {
    object.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  },
});

/** Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateDaemonSetUpdateStrategy. */
function validateUpdateStrategy({ spec }: DaemonSet): FieldError[] {
  const errors = new ErrorList();
  const field = 'spec.updateStrategy';
  checkEnum(spec?.updateStrategy?.type, strategies, `${field}.type`, errors);
  const rolling = spec?.updateStrategy?.rollingUpdate;
  if (rolling) {
    checkPodCount(rolling.maxUnavailable, `${field}.rollingUpdate.maxUnavailable`, errors);
    checkPodCount(rolling.maxSurge, `${field}.rollingUpdate.maxSurge`, errors);
    const count = (value: number | string | undefined) => percentOf(value) ?? value ?? 0;
    if (count(rolling.maxUnavailable) === 0 && count(rolling.maxSurge) === 0)
      errors.push(
        invalidValue(`${field}.rollingUpdate.maxUnavailable`, rolling.maxUnavailable, 'cannot be 0 when maxSurge is 0'),
      );
    if (count(rolling.maxUnavailable) !== 0 && count(rolling.maxSurge) !== 0)
      errors.push(
        invalidValue(
          `${field}.rollingUpdate.maxSurge`,
          rolling.maxSurge,
          'may not be set when maxUnavailable is non-zero',
        ),
      );
  }
  checkNotNegative(spec?.revisionHistoryLimit, 'spec.revisionHistoryLimit', errors);
  return errors;
}
