import type { Taint, Toleration } from './schema/types.d.ts';

/** Source: k8s.io/api/core/v1/toleration.go, ToleratesTaint. An empty key with Exists tolerates all. */
export function toleratesTaint({ key = '', operator, value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  if (operator === 'Lt' || operator === 'Gt') return compares(operator, taint.value, value);
  return key !== '' && value === (taint.value ?? '');
}

/** Numeric tolerations: the taint's value is less, or greater, than the toleration's. */
function compares(operator: 'Lt' | 'Gt', taintValue: string | undefined, value: string): boolean {
  const integer = /^-?\d{1,18}$/;
  if (!integer.test(taintValue ?? '') || !integer.test(value)) return false;
  return operator === 'Lt' ? BigInt(taintValue!) < BigInt(value) : BigInt(taintValue!) > BigInt(value);
}
