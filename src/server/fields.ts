import type { Schema } from '../api/schema/schema.ts';

/** What a body looked like against its schema. `value` is a copy: nothing of the argument is kept or changed. */
export type Decoded = {
  value: any;
  /** Paths the schema does not know; they are left out of `value`. */
  unknown: string[];
  /** `spec.replicas: expected an integer, got a string`. */
  mismatches: string[];
};

/** More findings than this help nobody, and bound the response. */
const findingsMax = 20;

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** Copies what the schema knows; null means absent, as for upstream's typed objects, unless the schema says nullable. */
export function decodeFields(schema: Schema, value: unknown): Decoded {
  const decoded: Decoded = { value: undefined, unknown: [], mismatches: [] };
  decoded.value = copy(schema, value, '', decoded);
  return decoded;
}

function copy(schema: Schema, value: unknown, path: string, decoded: Decoded): unknown {
  if (value === null) return schema.nullable ? null : undefined;
  if (schema['x-kubernetes-int-or-string']) return scalar(['string', 'number'], value, path, decoded);
  switch (schema.type) {
    case 'object':
      return object(schema, value, path, decoded);
    case 'array':
      return array(schema, value, path, decoded);
    case 'string':
      // A quantity may be written as a number: `cpu: 1`.
      if (typeof value === 'number' && schema.definition === quantity) return String(value);
      return scalar(['string'], value, path, decoded);
    case 'integer':
      if (typeof value === 'number' && !Number.isInteger(value)) return mismatch('integer', value, path, decoded);
      return scalar(['number'], value, path, decoded);
    case 'number':
      return scalar(['number'], value, path, decoded);
    case 'boolean':
      return scalar(['boolean'], value, path, decoded);
    default:
      return anything(value);
  }
}

function object(schema: Schema, value: unknown, path: string, decoded: Decoded): unknown {
  if (typeof value !== 'object' || Array.isArray(value)) return mismatch('object', value, path, decoded);
  const { properties, additionalProperties } = schema;
  const source = value as Record<string, unknown>;
  const open = schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties === true;
  const result: Record<string, unknown> = {};
  if (properties === undefined && additionalProperties === undefined) return anything(value);
  for (const key of Object.keys(source)) {
    if (source[key] === undefined) continue;
    const known = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const rule = known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    const at = path === '' ? key : `${path}.${key}`;
    if (rule !== undefined) set(result, key, copy(rule, source[key], at, decoded));
    else if (open) set(result, key, anything(source[key]));
    else if (decoded.unknown.length < findingsMax) decoded.unknown.push(at);
  }
  return result;
}

/** A key called `__proto__` is data like any other. */
function set(target: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) return;
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true });
  else target[key] = value;
}

function array(schema: Schema, value: unknown, path: string, decoded: Decoded): unknown {
  if (!Array.isArray(value)) return mismatch('array', value, path, decoded);
  const { items } = schema;
  if (items === undefined) return anything(value);
  return value
    .map((item, index) => copy(items, item, `${path}[${index}]`, decoded))
    .filter((item) => item !== undefined);
}

function scalar(types: string[], value: unknown, path: string, decoded: Decoded): unknown {
  return types.includes(typeof value) ? value : mismatch(types.join(' or '), value, path, decoded);
}

function mismatch(expected: string, value: unknown, path: string, decoded: Decoded): undefined {
  const got = Array.isArray(value) ? 'array' : typeof value === 'number' ? `number ${value}` : typeof value;
  if (decoded.mismatches.length < findingsMax)
    decoded.mismatches.push(`${path || 'the object'}: expected ${expected}, got ${got}`);
  return undefined;
}

/** Free-form values are copied as they are; input can be frozen or shared. */
const anything = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? structuredClone(value) : value;
