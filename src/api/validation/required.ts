import type { Schema } from '../schema/schema.ts';
import type { FieldError } from '../status.ts';
import { required } from './errors.ts';

/** Strings that the schema requires and upstream takes as empty when they are missing. */
const mayBeEmpty = new Set([
  'io.k8s.api.core.v1.HTTPHeader.value',
  'io.k8s.api.core.v1.Sysctl.value',
  'io.k8s.api.rbac.v1.RoleRef.apiGroup',
]);

/**
 * Finds strings that the schema requires and the object lacks, outside of status. Numbers, objects and lists are not
 * judged here: for upstream's typed objects a missing one is zero or empty, and the kind itself says what of it is wrong.
 */
export function requiredStrings(schema: Schema, object: Record<string, unknown>, errors: FieldError[]): void {
  for (const key of Object.keys(object)) {
    if (key === 'metadata' || key === 'status') continue;
    const property = schema.properties?.[key];
    if (property) walk(property, object[key], key, errors);
  }
}

function walk(schema: Schema, value: unknown, field: string, errors: FieldError[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items?.properties) for (let i = 0; i < value.length; i++) walk(items, value[i], `${field}[${i}]`, errors);
    return;
  }
  const { properties, required: names } = schema;
  if (!properties) return;
  const object = value as Record<string, unknown>;
  if (names)
    for (const name of names)
      if (object[name] === undefined && properties[name]?.type === 'string' && isNeeded(schema, name))
        errors.push(required(`${field}.${name}`));
  for (const key in object) {
    const property = properties[key];
    if (property && (property.items || property.properties)) walk(property, object[key], `${field}.${key}`, errors);
  }
}

const isNeeded = (schema: Schema, name: string) => !mayBeEmpty.has(`${schema.definition}.${name}`);
