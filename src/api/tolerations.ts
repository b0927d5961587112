import type { Taint, Toleration } from './schema/types.d.ts';
import { compares } from './selectors.ts';

/** Source: k8s.io/api/core/v1/toleration.go, ToleratesTaint. An empty key with Exists tolerates all. */
export function toleratesTaint({ key = '', operator, value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  // The taint's value is less, or greater, than the toleration's.
  if (operator === 'Lt' || operator === 'Gt') return compares(operator === 'Lt' ? 'lt' : 'gt', taint.value, value);
  return key !== '' && value === (taint.value ?? '');
}
