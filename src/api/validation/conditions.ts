import type { Condition } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, invalidValue, required } from './errors.ts';
import { qualifiedName } from './names.ts';
import { checkNotNegative, checkOptionalEnum, checkOptionalName, checkUnique } from './values.ts';

const reasonPattern = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

/** Conditions of the common form. Source: k8s.io/apimachinery pkg/apis/meta/v1/validation, ValidateConditions. */
export function validateConditions(conditions: Condition[] = []): FieldError[] {
  const errors = new ErrorList();
  conditions.forEach((condition, index) => {
    const at = `status.conditions[${index}]`;
    const { type = '', status = '', reason = '', observedGeneration, lastTransitionTime } = condition;
    checkOptionalName(type, qualifiedName, `${at}.type`, errors);
    checkOptionalEnum(status, ['False', 'True', 'Unknown'], `${at}.status`, errors);
    checkNotNegative(observedGeneration, `${at}.observedGeneration`, errors);
    if (!lastTransitionTime) errors.push(required(`${at}.lastTransitionTime`, 'must be set'));
    if (reason === '') errors.push(required(`${at}.reason`, 'must be set'));
    else if (!reasonPattern.test(reason))
      errors.push(
        invalidValue(
          `${at}.reason`,
          reason,
          "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
        ),
      );
  });
  checkUnique(
    conditions.map(({ type }) => type),
    (index) => `status.conditions[${index}].type`,
    errors,
  );
  return errors;
}
