import type { LabelSelector } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from './enums.ts';
import { forbiddenValue, invalidValue, required } from './errors.ts';
import { labelValue, qualifiedName } from './names.ts';

const operators = enumOf(['DoesNotExist', 'Exists', 'In', 'NotIn'], 'meta.v1.LabelSelectorRequirement.operator');

/** Source: k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go, ValidateLabelSelector. */
export function validateSelector(selector: LabelSelector | undefined, field: string, errors: FieldError[]): void {
  if (!selector) return;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    checkKey(key, `${field}.matchLabels`, errors);
    const wrong = labelValue(value);
    if (wrong) errors.push(invalidValue(`${field}.matchLabels`, value, wrong));
  }
  (selector.matchExpressions ?? []).forEach((requirement, index) => {
    validateExpression(requirement, `${field}.matchExpressions[${index}]`, operators, errors);
  });
}

type Expression = { key: string; operator: string; values?: string[] };

export function validateExpression(
  { key, operator, values = [] }: Expression,
  field: string,
  allowed: string[],
  errors: FieldError[],
): void {
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.length === 0)
    errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0)
    errors.push(
      forbiddenValue(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
    );
  if ((operator === 'Gt' || operator === 'Lt') && values.length !== 1)
    errors.push(required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  if (!allowed.includes(operator))
    errors.push(invalidValue(`${field}.operator`, operator ?? '', 'not a valid selector operator'));
  checkKey(key ?? '', `${field}.key`, errors);
  if (!takesValues) return;
  values.forEach((value, index) => {
    const wrong = labelValue(value);
    if (wrong) errors.push(invalidValue(`${field}.values[${index}]`, value, wrong));
  });
}

function checkKey(key: string, field: string, errors: FieldError[]): void {
  const wrong = qualifiedName(key);
  if (wrong) errors.push(invalidValue(field, key, wrong));
}

/** Is there no condition at all? Such a selector selects everything. */
export const isEmptySelector = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length + (matchExpressions?.length ?? 0) === 0;
