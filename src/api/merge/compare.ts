import { equalJson } from '../../foundation/json.ts';
import type { Schema } from '../schema/schema.ts';
import { type Fields, isEmpty } from './field-set.ts';
import { fieldsOf, withSelf } from './fields.ts';
import { itemsOf, type Shape, shapeOf } from './shape.ts';

type Comparison = { added: Fields; modified: Fields; removed: Fields };

/** What differs between two objects, as field sets; a field that is new or gone counts with everything in it. */
export const compareFields = (before: object, after: object, schema: Schema): Comparison =>
  comparisonOf(before, after, schema) ?? nothing();

const nothing = (): Comparison => ({ added: {}, modified: {}, removed: {} });

/** Undefined when the values have no parts to be compared by. */
function comparisonOf(before: any, after: any, schema: Schema | undefined): Comparison | undefined {
  const [oldShape, newShape] = [shapeOf(before, schema), shapeOf(after, schema)];
  const result = nothing();
  if (oldShape.form === 'struct' && newShape.form === 'struct') compareStructs(before, after, newShape, result);
  else if (oldShape.form === 'list' && newShape.form === 'list')
    compareItems(itemsOf(before, oldShape), itemsOf(after, newShape), newShape.items, result);
  else return undefined;
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

type Items = Map<string, unknown>;

function compareItems(before: Items, after: Items, schema: Schema | undefined, result: Comparison): void {
  for (const [element, value] of after) {
    const previous = before.get(element);
    if (previous === undefined) result.added[element] = withSelf(fieldsOf(value, schema));
    else if (!equalJson(previous, value)) changed(element, previous, value, schema, result);
  }
  for (const [element, value] of before)
    if (!after.has(element)) result.removed[element] = throughout(fieldsOf(value, schema));
}

function changed(element: string, before: unknown, after: unknown, schema: Schema | undefined, into: Comparison): void {
  const inner = comparisonOf(before, after, schema);
  if (inner === undefined) into.modified[element] = {};
  else insert(into, element, inner);
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
