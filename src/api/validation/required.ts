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
  const { nested } = planOf(schema);
  for (const key in object) {
    const plan = key === 'metadata' || key === 'status' ? undefined : nested.get(key);
    // Most objects lack nothing: paths are put together only for those that do.
    if (plan !== undefined && lacks(plan, object[key])) report(plan, object[key], key, errors);
  }
  return errors;
}

/** What has to be looked at of an object, or of each in a list; found once: most of a schema requires no string. */
type Plan = { needed: string[]; nested: Map<string, Plan> };
const plans = new WeakMap<Schema, Plan>();

function planOf(schema: Schema): Plan {
  const inner = schema.items ?? schema;
  let plan = plans.get(inner);
  if (plan !== undefined) return plan;
  const { properties = {}, required: names = [], definition } = inner;
  const isNeeded = (name: string) => properties[name]?.type === 'string' && !mayBeEmpty.has(`${definition}.${name}`);
  plan = { needed: names.filter(isNeeded), nested: new Map() };
  // Known before it is complete: a schema may contain itself.
  plans.set(inner, plan);
  for (const [key, property] of Object.entries(properties))
    if (requires(property, new Set())) plan.nested.set(key, planOf(property));
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

function lacks(plan: Plan, value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (lacks(plan, value[index])) return true;
    return false;
  }
  const { needed, nested } = plan;
  const object = value as Record<string, unknown>;
  for (let index = 0; index < needed.length; index++) if (object[needed[index]!] === undefined) return true;
  if (nested.size === 0) return false;
  // Along the fields that are there: a schema knows many more.
  for (const key in object) {
    const field = object[key];
    const inner = typeof field === 'object' ? nested.get(key) : undefined;
    if (inner !== undefined && lacks(inner, field)) return true;
  }
  return false;
}

function report(plan: Plan, value: unknown, field: string, errors: FieldError[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) report(plan, value[index], `${field}[${index}]`, errors);
    return;
  }
  const object = value as Record<string, unknown>;
  for (const name of plan.needed) if (object[name] === undefined) errors.push(required(`${field}.${name}`));
  for (const [key, inner] of plan.nested) report(inner, object[key], `${field}.${key}`, errors);
}
