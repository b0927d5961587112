import type { Schema } from '../schema/schema.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, required } from './errors.ts';

/** Strings that the schema requires and upstream takes as empty when they are missing. */
const mayBeEmpty = new Set([
  'io.k8s.api.core.v1.HTTPHeader.value',
  'io.k8s.api.discovery.v1.ForZone.name',
  'io.k8s.api.storage.v1.TokenRequest.audience',
  'io.k8s.api.discovery.v1.ForNode.name',
  'io.k8s.api.core.v1.Sysctl.value',
  'io.k8s.api.rbac.v1.RoleRef.apiGroup',
]);

/**
 * Strings that the schema requires and the object lacks, outside of status.
 * Numbers, objects and lists are not judged here: for upstream's typed objects a missing one is zero or empty, and the
 * kind itself says what of it is wrong.
 */
export function missingStrings(schema: Schema, object: Record<string, unknown>): FieldError[] {
  const errors = new ErrorList();
  for (const [key, property] of planOf(schema).nested) {
    const value = object[key];
    if (key === 'metadata' || key === 'status' || value === undefined) continue;
    // Most objects lack nothing: paths are put together only for those that do.
    if (lacks(property, value)) report(property, value, key, errors);
  }
  return errors;
}

/** What of a schema has to be looked at, found once: most of it requires no string. */
type Plan = { needed: string[]; nested: Map<string, Schema> };
const plans = new WeakMap<Schema, Plan>();

function planOf(schema: Schema): Plan {
  const known = plans.get(schema);
  if (known) return known;
  const plan: Plan = { needed: [], nested: new Map() };
  // Known before it is complete: a schema may contain itself.
  plans.set(schema, plan);
  const { properties = {}, required: names = [], definition } = schema;
  plan.needed = names.filter((name) => properties[name]?.type === 'string' && !mayBeEmpty.has(`${definition}.${name}`));
  plan.nested = new Map(Object.entries(properties).filter(([, property]) => requires(property, new Set())));
  return plan;
}

function requires(schema: Schema, seen: Set<Schema>): boolean {
  const inner = schema.items ?? schema;
  if (!inner.properties || seen.has(inner)) return false;
  seen.add(inner);
  const { properties, required: names = [] } = inner;
  if (names.some((name) => properties[name]?.type === 'string')) return true;
  return Object.values(properties).some((property) => requires(property, seen));
}

function lacks(schema: Schema, value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (Array.isArray(value)) {
    if (schema.items === undefined) return false;
    for (let index = 0; index < value.length; index++) if (lacks(schema.items, value[index])) return true;
    return false;
  }
  const { needed, nested } = planOf(schema);
  const object = value as Record<string, unknown>;
  for (let index = 0; index < needed.length; index++) if (object[needed[index]!] === undefined) return true;
  if (nested.size === 0) return false;
  // Along the fields that are there: a schema knows many more.
  for (const key in object) {
    const field = object[key];
    const property = typeof field === 'object' ? nested.get(key) : undefined;
    if (property !== undefined && lacks(property, field)) return true;
  }
  return false;
}

function report(schema: Schema, value: unknown, field: string, errors: FieldError[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      report(schema.items ?? {}, value[index], `${field}[${index}]`, errors);
    return;
  }
  const { needed, nested } = planOf(schema);
  const object = value as Record<string, unknown>;
  for (const name of needed) if (object[name] === undefined) errors.push(required(`${field}.${name}`));
  for (const [key, property] of nested) report(property, object[key], `${field}.${key}`, errors);
}
