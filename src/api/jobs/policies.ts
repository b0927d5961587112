import type { JobSpec } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { invalidValue, required, tooMany } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';
import { checkEnum, checkNotNegative, checkOptionalName, checkUnique } from '../validation/values.ts';

const successRulesMax = 20;

/** Source: kubernetes/kubernetes pkg/apis/batch/validation/validation.go, validateSuccessPolicy. */
export function validateSuccessPolicy(
  { successPolicy, completions = 0 }: JobSpec,
  field: string,
  errors: FieldError[],
): void {
  const rules = successPolicy?.rules ?? [];
  if (rules.length === 0)
    errors.push(required(field, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > successRulesMax) errors.push(tooMany(field, rules.length, successRulesMax));
  rules.forEach(({ succeededCount, succeededIndexes }, index) => {
    const at = `${field}[${index}]`;
    if (succeededCount === undefined && succeededIndexes === undefined)
      errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
    checkNotNegative(succeededCount, `${at}.succeededCount`, errors);
    const named = succeededIndexes === undefined ? undefined : countIndexes(succeededIndexes, completions);
    if (typeof named === 'string')
      errors.push(invalidValue(`${at}.succeededIndexes`, succeededIndexes, `error parsing succeededIndexes: ${named}`));
    if (succeededCount === undefined) return;
    const most = typeof named === 'number' ? named : completions;
    const what = typeof named === 'number' ? 'the number of indexes in the specified succeededIndexes field' : '';
    if (succeededCount > most)
      errors.push(
        invalidValue(
          `${at}.succeededCount`,
          succeededCount,
          `must be less than or equal to ${most} (${what || 'the number of specified completions'})`,
        ),
      );
  });
}

/** How many of `0-2,5` there are, in order and below `count`; or what is wrong. */
function countIndexes(text: string, count: number): number | string {
  let total = 0;
  let last = -1;
  for (const part of text === '' ? [] : text.split(',')) {
    const [first = '', end = first, ...more] = part.split('-');
    if (more.length > 0) return `invalid index or interval: "${part}"`;
    for (const number of [first, end])
      if (!/^\d{1,9}$/.test(number)) return `cannot convert string to integer for index: "${number}"`;
    for (const number of [first, end]) if (Number(number) >= count) return `too large index: "${number}"`;
    if (Number(first) <= last || Number(end) < Number(first))
      return `non-increasing order, previous: ${last}, current: ${first}`;
    total += Number(end) - Number(first) + 1;
    last = Number(end);
  }
  return total;
}

const conditionStatuses = enumOf(
  ['False', 'True', 'Unknown'],
  'batch.v1.PodFailurePolicyOnPodConditionsPattern.status',
);

const actions = enumOf(['Count', 'FailIndex', 'FailJob', 'Ignore'], 'batch.v1.PodFailurePolicyRule.action');

const operators = enumOf(['In', 'NotIn'], 'batch.v1.PodFailurePolicyOnExitCodesRequirement.operator');

export function validateFailurePolicy(
  { podFailurePolicy, template }: JobSpec,
  field: string,
  errors: FieldError[],
): void {
  const { containers = [], initContainers = [] } = template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  (podFailurePolicy?.rules ?? []).forEach(({ action, onExitCodes, onPodConditions }, index) => {
    const at = `${field}[${index}]`;
    checkEnum(action, actions, `${at}.action`, errors);
    if (!onExitCodes === !onPodConditions?.length)
      errors.push(invalidValue(at, '', 'specifying one of OnExitCodes and OnPodConditions is required, not both'));
    (onPodConditions ?? []).forEach(({ type, status }, position) => {
      const condition = `${at}.onPodConditions[${position}]`;
      checkOptionalName(type ?? '', qualifiedName, `${condition}.type`, errors);
      checkEnum(status, conditionStatuses, `${condition}.status`, errors);
    });
    if (!onExitCodes) return;
    if (onExitCodes.containerName !== undefined && !names.has(onExitCodes.containerName))
      errors.push(
        invalidValue(
          `${at}.onExitCodes.containerName`,
          onExitCodes.containerName,
          'must be one of the container or initContainer names in the pod template',
        ),
      );
    const codes = onExitCodes.values ?? [];
    checkUnique(codes, (position) => `${at}.onExitCodes.values[${position}]`, errors);
    if (codes.some((code, position) => position > 0 && code < codes[position - 1]!))
      errors.push(invalidValue(`${at}.onExitCodes.values`, codes, 'must be ordered'));
    checkEnum(onExitCodes.operator, operators, `${at}.onExitCodes.operator`, errors);
    if (!onExitCodes.values?.length)
      errors.push(invalidValue(`${at}.onExitCodes.values`, [], 'at least one value is required'));
    if (onExitCodes.operator === 'In' && onExitCodes.values?.includes(0))
      errors.push(invalidValue(`${at}.onExitCodes.values`, 0, 'must not be 0 for the In operator'));
  });
}
