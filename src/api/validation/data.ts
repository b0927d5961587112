import type { FieldError } from '../status.ts';
import { ErrorList, forbiddenValue, invalidValue, tooLong } from './errors.ts';
import { configMapKey } from './names.ts';
import { sameValue } from './values.ts';

/** All values together: what a node can hold in memory and the store in one value. */
const dataBytesMax = 1024 * 1024;

type Holder = { data?: Record<string, string>; binaryData?: Record<string, string>; immutable?: boolean };

/**
 * Keys, size and immutability of ConfigMap and Secret. Source: kubernetes/kubernetes
 * pkg/apis/core/validation/validation.go, ValidateConfigMap and ValidateSecret.
 */
export function validateData(object: Holder, old: Holder | undefined, kind: 'ConfigMap' | 'Secret'): FieldError[] {
  const errors = new ErrorList();
  let bytes = 0;
  for (const name of ['data', 'binaryData'] as const)
    for (const [key, value] of Object.entries(object[name] ?? {})) {
      const wrong = configMapKey(key);
      if (wrong) errors.push(invalidValue(`${name}[${key}]`, key, wrong));
      if (name === 'binaryData' && Object.hasOwn(object.data ?? {}, key))
        errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'));
      const isText = kind === 'ConfigMap' && name === 'data';
      bytes += isText ? Buffer.byteLength(value) : Math.floor((value.length * 3) / 4);
    }
  if (bytes > dataBytesMax) errors.push(tooLong(kind === 'Secret' ? 'data' : '', dataBytesMax));
  if (!old?.immutable) return errors;
  if (!object.immutable) errors.push(forbiddenValue('immutable', 'field is immutable when `immutable` is set'));
  for (const name of ['data', 'binaryData'] as const)
    if (!sameValue(object[name] ?? {}, old[name] ?? {}))
      errors.push(forbiddenValue(name, 'field is immutable when `immutable` is set'));
  return errors;
}
