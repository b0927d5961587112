import { isObject, setOwn } from '../../foundation/json.ts';
import { type Form, fieldOf, formOf } from './form.ts';
import { type Decoded, type Findings, pathOf, tellUnknown, wrong } from './misfit.ts';
import { depthMax, namesMax, tooDeep, tooManyNames, tooManyValues, valuesMax } from './parse.ts';
import { fitString, isInteger, zeroOf } from './scalars.ts';
import type { Schema } from './schema.ts';

/** A walk: it counts the values it comes by. */
type State = Findings & { values: number; keepsEmpty: boolean };

/**
 * Fits a parsed value to the schema of a built-in kind, as decoding into Go's types does upstream: null means absent,
 * quantities and times take their canonical form, unknown fields are dropped and named.
 *
 * Changes `value`, which must be the caller's own (fresh from JSON.parse). Throws BadRequest when it nests too deeply and
 * RequestEntityTooLarge when it has too many values. `keepsEmpty`: what is optional and empty stays, as it says something
 * in a configuration that is applied.
 */
export function decodeFields(schema: Schema, value: unknown, keepsEmpty = false): Decoded {
  const state: State = { unknown: [], mismatch: undefined, values: 0, path: [], depth: 0, keepsEmpty };
  fit(formOf(schema), value, '', state);
  return { unknown: state.unknown, mismatch: state.mismatch };
}

function count(state: State, values: number): void {
  state.values += values;
  if (state.values > valuesMax) throw tooManyValues();
}

function boundNames(state: State, names: number): void {
  if (names > namesMax) throw tooManyNames(pathOf(state));
}

/** Fits what is in the value that is being fitted. */
function fitInner(key: string | number, form: Form, value: unknown, owner: string, state: State): unknown {
  state.path[state.depth++] = key;
  const fitted = fit(form, value, owner, state);
  state.depth--;
  return fitted;
}

/** `owner` is the definition that has the field, for the message. Returns the value to keep, undefined to drop it. */
function fit(form: Form, value: unknown, owner: string, state: State): unknown {
  const { schema, type } = form;
  if (value === null) return schema.nullable ? null : undefined;
  if (state.depth > depthMax) throw tooDeep();
  switch (type) {
    case 'object':
      if (typeof value !== 'object' || Array.isArray(value)) return wrong(schema, value, owner, state);
      return fitObject(form, value as Record<string, unknown>, state);
    case 'array':
      return Array.isArray(value) ? fitArray(form, value, owner, state) : wrong(schema, value, owner, state);
    case 'string':
      return form.isText && typeof value === 'string' ? value : fitString(schema, value, owner, state);
    case 'integer':
      return isInteger(schema, value) ? value : wrong(schema, value, owner, state);
    case 'number':
    case 'boolean':
      return typeof value === type ? value : wrong(schema, value, owner, state);
    default:
      boundDepth(value, state.depth);
      return value;
  }
}

function fitObject(form: Form, value: Record<string, unknown>, state: State): unknown {
  if (form.fields !== undefined) fitFields(form, value, state);
  else if (form.items !== undefined) fitMap(form.items, value, state);
  else boundDepth(value, state.depth);
  return value;
}

function fitFields(form: Form, value: Record<string, unknown>, state: State): void {
  for (const key in value) {
    const before = value[key];
    count(state, 1);
    const field = fieldOf(form, key);
    // The common case by far, without a call.
    if (before && typeof before === 'string' && field?.form.isText) continue;
    if (field === undefined) {
      if (form.schema['x-kubernetes-preserve-unknown-fields']) boundDepth(before, state.depth + 1);
      else {
        tellUnknown(state, key);
        delete value[key];
      }
      continue;
    }
    const isNothing = !state.keepsEmpty && field.nothing !== undefined && says(field.nothing, before);
    const after = isNothing ? undefined : fitInner(key, field.form, before, form.schema.definition ?? '', state);
    if (after === undefined) delete value[key];
    else if (after !== before) value[key] = after;
  }
}

function says(nothing: 'zero' | 'empty', value: unknown): boolean {
  if (nothing === 'zero') return value === '' || value === 0 || value === false;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function fitMap(items: Form, value: Record<string, unknown>, state: State): void {
  let names = 0;
  for (const key in value) {
    boundNames(state, ++names);
    count(state, 1);
    if (items.isText && typeof value[key] === 'string') continue;
    const after = fitInner(key, items, filled(items, value[key]), '', state);
    if (after !== value[key]) setOwn(value, key, after);
  }
}

function fitArray({ schema, items }: Form, value: unknown[], owner: string, state: State): unknown[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'map' || listType === 'set') boundNames(state, value.length);
  count(state, value.length);
  for (let index = 0; index < value.length; index++) {
    if (items!.isText && typeof value[index] === 'string') continue;
    value[index] = fitInner(index, items!, filled(items!, value[index]), owner, state);
  }
  return value;
}

/** Go's maps and lists have no null: it is the zero value of their type. */
const filled = ({ schema }: Form, value: unknown): unknown =>
  value === null && !schema.nullable ? zeroOf(schema) : value;

/** What no schema describes (a CustomResourceDefinition's defaults) may still not nest without end. */
function boundDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > depthMax) throw tooDeep();
  for (const key of Object.keys(value)) boundDepth((value as Record<string, unknown>)[key], depth + 1);
}
