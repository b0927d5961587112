import { setOwn } from '../../foundation/json.ts';
import { canonicalQuantity } from '../../foundation/quantity.ts';
import { type ApiError, badRequest } from '../status.ts';
import { depthMax, namesMax, tooDeep, tooManyNames, tooManyValues, valuesMax } from './parse.ts';
import type { Schema } from './schema.ts';

/**
 * Fits a parsed value to the schema of a built-in kind, as decoding into Go's types does upstream: null means absent,
 * quantities and times take their canonical form, unknown fields are dropped and named.
 */
export type Decoded = {
  /** Fields that the schema does not know: `spec.foo`. They are gone from the value. */
  unknown: string[];
  /** The first value of a wrong type, in upstream's words. */
  mismatch: string | undefined;
};

/** A walk: it counts the values it comes by and keeps the keys that lead to where it is, a path for findings only. */
type State = Decoded & { values: number; path: (string | number)[]; keepsEmpty: boolean };

const findingsMax = 20;
const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const microTimeName = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';

/**
 * Changes `value`, which must be the caller's own (fresh from JSON.parse). Throws BadRequest when it nests too deeply and
 * RequestEntityTooLarge when it has too many values. `keepsEmpty`: what is optional and empty stays, as it says something
 * in a configuration that is applied.
 */
export function decodeFields(schema: Schema, value: unknown, keepsEmpty = false): Decoded {
  const state: State = { unknown: [], mismatch: undefined, values: 0, path: [], keepsEmpty };
  fit(schema, value, '', state);
  return { unknown: state.unknown, mismatch: state.mismatch };
}

function count(state: State, values: number): void {
  state.values += values;
  if (state.values > valuesMax) throw tooManyValues();
}

function boundNames(state: State, names: number): void {
  if (names > namesMax) throw tooManyNames(pathOf(state.path));
}

/** What a write of unfit fields is answered with; `kind` and `version` are those of the request's path. */
export function unfit(kind: string, version: string, findings: { mismatch?: string; strict?: string[] }): ApiError {
  const why = findings.mismatch
    ? `json: ${findings.mismatch}`
    : `strict decoding error: ${findings.strict?.join(', ')}`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

/**
 * Messages of fieldValidation: errors when Strict, warnings when Warn. An unknown field that is given twice is unknown,
 * once. Source: sigs.k8s.io/json, strict errors.
 */
export const strictFindings = (unknown: string[], duplicates: string[]): string[] => [
  ...unknown.map((field) => `unknown field "${field}"`),
  ...duplicates.filter((field) => !unknown.includes(field)).map((field) => `duplicate field "${field}"`),
];

/** `spec.containers[0].image`. */
function pathOf(keys: State['path']): string {
  let path = '';
  for (const key of keys) path += typeof key === 'number' ? `[${key}]` : path === '' ? key : `.${key}`;
  return path;
}

/** Fits what is in the value that is being fitted. */
function fitInner(key: string | number, schema: Schema, value: unknown, owner: string, state: State): unknown {
  state.path.push(key);
  const fitted = fit(schema, value, owner, state);
  state.path.pop();
  return fitted;
}

/** `owner` is the definition that has the field, for the message. Returns the value to keep, undefined to drop it. */
function fit(schema: Schema, value: unknown, owner: string, state: State): unknown {
  if (value === null) return schema.nullable ? null : undefined;
  if (state.path.length > depthMax) throw tooDeep();
  switch (schema.type) {
    case 'object':
      if (typeof value !== 'object' || Array.isArray(value)) return wrong(schema, value, owner, state);
      return fitObject(schema, value as Record<string, unknown>, state);
    case 'array':
      if (!Array.isArray(value)) return wrong(schema, value, owner, state);
      if (schema['x-kubernetes-list-type'] === 'map' || schema['x-kubernetes-list-type'] === 'set')
        boundNames(state, value.length);
      return fitArray(schema.items ?? {}, value, owner, state);
    case 'string':
      if (typeof value === 'string' && schema.format === undefined && schema.definition === undefined) return value;
      return fitString(schema, value, owner, state);
    case 'integer':
      return isInteger(schema, value) ? value : wrong(schema, value, owner, state);
    case 'number':
      return typeof value === 'number' ? value : wrong(schema, value, owner, state);
    case 'boolean':
      return typeof value === 'boolean' ? value : wrong(schema, value, owner, state);
    default:
      boundDepth(value, state.path.length);
      return value;
  }
}

function fitObject(schema: Schema, value: Record<string, unknown>, state: State) {
  const { properties } = schema;
  if (properties) {
    const owner = schema.definition ?? '';
    for (const key in value) {
      count(state, 1);
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const before = value[key];
      // The common case by far, without a call.
      if (
        before &&
        typeof before === 'string' &&
        property?.type === 'string' &&
        !property.format &&
        !property.definition
      )
        continue;
      if (!state.keepsEmpty && isNothing(schema, key, property, before)) {
        delete value[key];
        continue;
      }
      if (property) {
        const after = fitInner(key, property, before, owner, state);
        if (after === undefined) delete value[key];
        else if (after !== before) value[key] = after;
      } else if (schema['x-kubernetes-preserve-unknown-fields']) boundDepth(before, state.path.length + 1);
      else {
        if (state.unknown.length < findingsMax) state.unknown.push(pathOf([...state.path, key]));
        delete value[key];
      }
    }
  } else if (typeof schema.additionalProperties === 'object') fitMap(schema.additionalProperties, value, state);
  else boundDepth(value, state.path.length);
  return value;
}

/** Lists that upstream's types write even when they are empty, although nobody has to give them. */
const alwaysWritten = new Set([
  'io.k8s.api.core.v1.ProjectedVolumeSource.sources',
  'io.k8s.api.discovery.v1.EndpointSlice.endpoints',
  'io.k8s.api.discovery.v1.EndpointSlice.ports',
  'io.k8s.api.rbac.v1.ClusterRole.rules',
  'io.k8s.api.rbac.v1.Role.rules',
]);

/**
 * As a round through Go's types: what is optional and empty is gone, so that a client written in Go that sends back what
 * it read changes nothing. Of custom resources everything is kept.
 */
function isNothing({ definition, required }: Schema, key: string, property: Schema | undefined, value: unknown) {
  if (property === undefined || definition === undefined) return false;
  if (property.byValue) return value === '' || value === 0 || value === false;
  const isCollection = property.type === 'array' || typeof property.additionalProperties === 'object';
  if (!isCollection || typeof value !== 'object' || value === null || required?.includes(key)) return false;
  const isEmpty = Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
  return isEmpty && !alwaysWritten.has(`${definition}.${key}`);
}

function fitMap(items: Schema, value: Record<string, unknown>, state: State): void {
  const keys = Object.keys(value);
  boundNames(state, keys.length);
  count(state, keys.length);
  for (const key of keys) {
    // Go's maps have no null: it is the zero value of their type.
    const before = value[key] === null && !items.nullable ? zeroOf(items) : value[key];
    const after = fitInner(key, items, before, '', state);
    if (after !== value[key]) setOwn(value, key, after);
  }
}

function fitArray(items: Schema, value: unknown[], owner: string, state: State) {
  count(state, value.length);
  for (let index = 0; index < value.length; index++) {
    if (typeof value[index] === 'string' && items.type === 'string' && !items.format && !items.definition) continue;
    const before = value[index] === null && !items.nullable ? zeroOf(items) : value[index];
    value[index] = fitInner(index, items, before, owner, state);
  }
  return value;
}

function zeroOf({ type, items, 'x-kubernetes-int-or-string': isEither }: Schema): unknown {
  if (isEither || type === 'integer' || type === 'number') return 0;
  if (type === 'boolean') return false;
  if (type === 'array' || items) return [];
  return type === 'object' ? {} : type === 'string' ? '' : null;
}

function fitString(schema: Schema, value: unknown, owner: string, state: State): unknown {
  if (schema['x-kubernetes-int-or-string'])
    return typeof value === 'string' || isInteger({ format: 'int32' }, value)
      ? value
      : wrong(schema, value, owner, state);
  if (schema.definition === quantityName) {
    const isText = typeof value === 'string' || typeof value === 'number';
    const quantity = isText ? canonicalQuantity(value === '' ? '0' : value) : undefined;
    if (quantity !== undefined) return quantity;
    return fail(
      state,
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' " +
        `(${pathOf(state.path)}: ${JSON.stringify(value)})`,
    );
  }
  if (typeof value !== 'string') return wrong(schema, value, owner, state);
  if (schema.format === 'date-time') return fitTime(value, schema.definition === microTimeName, state);
  if (schema.format === 'byte' && !isBase64(value)) return fail(state, `illegal base64 data at ${pathOf(state.path)}`);
  return value;
}

const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const canonicalMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const anyTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 in any zone; answered in UTC, to the second, or to the microsecond for MicroTime. */
function fitTime(value: string, isMicro: boolean, state: State): unknown {
  const match = anyTime.exec(value);
  const timeMs = match ? Date.parse(value) : Number.NaN;
  if (!match || Number.isNaN(timeMs))
    return fail(state, `parsing time ${JSON.stringify(value)} of ${pathOf(state.path)} as "2006-01-02T15:04:05Z07:00"`);
  if (isMicro && match[1]?.length !== 6)
    return fail(
      state,
      `parsing time ${JSON.stringify(value)} of ${pathOf(state.path)} as "2006-01-02T15:04:05.000000Z07:00"`,
    );
  if ((isMicro ? canonicalMicroTime : canonicalTime).test(value)) return value;
  const seconds = () => new Date(Math.floor(timeMs / 1000) * 1000).toISOString().slice(0, 19);
  return isMicro ? `${seconds()}.${match[1]}Z` : `${seconds()}Z`;
}

const isBase64 = (value: string) => value.length % 4 === 0 && /^[A-Za-z0-9+/\r\n]*={0,2}$/.test(value);

function isInteger(schema: Schema, value: unknown): boolean {
  if (typeof value !== 'number') return false;
  return schema.format === 'int32' ? (value | 0) === value : Number.isSafeInteger(value);
}

/** What no schema describes (a CustomResourceDefinition's defaults) may still not nest without end. */
function boundDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > depthMax) throw tooDeep();
  for (const key of Object.keys(value)) boundDepth((value as Record<string, unknown>)[key], depth + 1);
}

function fail(state: State, message: string): undefined {
  state.mismatch ??= message;
  return undefined;
}

/** Go's words: `cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`. */
function wrong(schema: Schema, value: unknown, owner: string, state: State): undefined {
  if (state.mismatch !== undefined) return undefined;
  const path = pathOf(state.path);
  const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const shown = got === 'number' && schema.type === 'integer' ? `number ${value}` : got;
  const structure = owner === '' ? '' : `${owner.split('.').at(-1)}.`;
  const place = path === '' ? 'Go value' : `Go struct field ${structure}${path.replaceAll(/\[\d+\]/g, '')}`;
  return fail(state, `cannot unmarshal ${shown} into ${place} of type ${goType(schema)}`);
}

function goType(schema: Schema): string {
  if (schema.type === 'array') return `[]${goType(schema.items ?? {})}`;
  if (schema.definition) return schema.definition.split('.').slice(-2).join('.');
  if (schema.additionalProperties) return `map[string]${goType(schema.additionalProperties as Schema)}`;
  if (schema.format === 'byte') return '[]uint8';
  if (schema.type === 'integer') return schema.format ?? 'int64';
  return schema.type === 'boolean' ? 'bool' : (schema.type ?? 'interface {}');
}
