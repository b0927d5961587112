import type { FieldError } from '../status.ts';
import { ErrorList, invalidValue } from './errors.ts';
import { checkNotNegative } from './values.ts';

/**
 * The numbers of a status, or those of these names. None is negative; of replicas, none of those that are a part is more than its whole.
 * Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateDeploymentStatus and its like.
 */
export function validateCounts(status: object | undefined, names = Object.keys(status ?? {})): FieldError[] {
  const errors = new ErrorList();
  for (const name of names) {
    const value = (status as Record<string, unknown> | undefined)?.[name];
    if (typeof value === 'number') checkNotNegative(value, `status.${name}`, errors);
  }
  return errors;
}

const parts = ['availableReplicas', 'currentReplicas', 'fullyLabeledReplicas', 'readyReplicas', 'updatedReplicas'];

export function validateReplicas(status: Record<string, any> | undefined): FieldError[] {
  const errors = validateCounts(status);
  const count = (name: string): number => status?.[name] ?? 0;
  for (const name of parts)
    if (count(name) > count('replicas'))
      errors.push(invalidValue(`status.${name}`, count(name), 'cannot be greater than status.replicas'));
  if (count('availableReplicas') > count('readyReplicas'))
    errors.push(
      invalidValue('status.availableReplicas', count('availableReplicas'), 'cannot be greater than readyReplicas'),
    );
  return errors;
}
