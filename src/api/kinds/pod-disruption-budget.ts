import { defineKind } from '../define.ts';
import type { PodDisruptionBudget } from '../schema/types.d.ts';
import { validateConditions } from '../validation/conditions.ts';
import { validateCounts } from '../validation/counts.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, invalidValue } from '../validation/errors.ts';
import { pathSegment } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkOptionalEnum, checkPodCount, percentOf } from '../validation/values.ts';

const counts = ['currentHealthy', 'desiredHealthy', 'disruptionsAllowed', 'expectedPods'];

const evictionPolicies = enumOf(
  ['AlwaysAllow', 'IfHealthyBudget'],
  'policy.v1.PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy',
);

export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  anyFinalizer: true,
  updatedByVersion: true,
  shortNames: ['pdb'],
  status: true,
  validateStatus: ({ status }) => [...validateCounts(status, counts), ...validateConditions(status?.conditions)],
  name: pathSegment,
  validate({ spec }) {
    const errors = new ErrorList();
    const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy } = spec ?? {};
    if (minAvailable !== undefined && maxUnavailable !== undefined)
      errors.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
    for (const [name, value] of Object.entries({ minAvailable, maxUnavailable })) {
      checkPodCount(value, `spec.${name}`, errors);
      if ((percentOf(value) ?? 0) > 100)
        errors.push(invalidValue(`spec.${name}`, value, 'must not be greater than 100%'));
    }
    validateSelector(spec?.selector, 'spec.selector', errors);
    checkOptionalEnum(unhealthyPodEvictionPolicy, evictionPolicies, 'spec.unhealthyPodEvictionPolicy', errors);
    return errors;
  },
  columns: [
    { name: 'Min Available', type: 'string', value: ({ spec }) => String(spec?.minAvailable ?? 'N/A') },
    { name: 'Max Unavailable', type: 'string', value: ({ spec }) => String(spec?.maxUnavailable ?? 'N/A') },
    { name: 'Allowed Disruptions', type: 'integer', value: ({ status }) => status?.disruptionsAllowed ?? 0 },
  ],
});
