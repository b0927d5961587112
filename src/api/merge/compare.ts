import { equalJson } from '../../foundation/json.ts';
import type { Schema } from '../schema/schema.ts';
import { type Fields, isEmpty } from './field-set.ts';
import { fieldsOf, withSelf } from './fields.ts';
import { type Child, childrenOf, type Shape, shapeOf } from './shape.ts';

type Comparison = { added: Fields; modified: Fields; removed: Fields };

/** What differs between two objects, as field sets; a field that is new or gone counts with everything in it. */
export function compareFields(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  const result: Comparison = { added: {}, modified: {}, removed: {} };
  const [oldShape, newShape] = [shapeOf(before, schema), shapeOf(after, schema)];
  if (oldShape.form === 'struct' && newShape.form === 'struct') compareStructs(before, after, newShape, result);
  else compareChildren(childrenOf(before, schema), childrenOf(after, schema), result);
  return result;
}

/** Most fields of an object are as they were: nothing is made for those. */
function compareStructs(before: any, after: any, shape: Shape & { form: 'struct' }, result: Comparison): void {
  for (const name of Object.keys(after)) {
    const value = after[name];
    if (!Object.hasOwn(before, name)) result.added[`f:${name}`] = withSelf(fieldsOf(value, shape.field(name)));
    else if (!equalJson(before[name], value)) changed(`f:${name}`, before[name], value, shape.field(name), result);
  }
  for (const name of Object.keys(before))
    if (!Object.hasOwn(after, name))
      result.removed[`f:${name}`] = throughout(fieldsOf(before[name], shape.field(name)));
}

function compareChildren(old: Map<string, Child>, now: Map<string, Child>, result: Comparison): void {
  for (const [element, { value, schema }] of now) {
    const previous = old.get(element);
    if (previous === undefined) result.added[element] = withSelf(fieldsOf(value, schema));
    else if (!equalJson(previous.value, value)) changed(element, previous.value, value, schema, result);
  }
  for (const [element, { value, schema }] of old)
    if (!now.has(element)) result.removed[element] = throughout(fieldsOf(value, schema));
}

function changed(element: string, before: unknown, after: unknown, schema: Schema | undefined, into: Comparison): void {
  const [oldShape, newShape] = [shapeOf(before, schema), shapeOf(after, schema)];
  if (oldShape.form !== newShape.form || newShape.form === 'atomic') into.modified[element] = {};
  else insert(into, element, compareFields(before, after, schema));
}

/** With every node itself in the set: whoever owned one of them owns it no more. */
function throughout(fields: Fields): Fields {
  if (isEmpty(fields)) return fields;
  const result: Fields = { '.': {} };
  for (const [element, inner] of Object.entries(fields)) result[element] = throughout(inner);
  return result;
}

function insert(into: Comparison, element: string, part: Comparison): void {
  for (const name of ['added', 'modified', 'removed'] as const)
    if (!isEmpty(part[name])) into[name][element] = part[name];
}
