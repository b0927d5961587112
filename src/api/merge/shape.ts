import { isObject } from '../../foundation/json.ts';
import type { Schema } from '../schema/schema.ts';

/** How a value merges: whole, field by field, or item by item, each by its path element. */
export type Shape =
  | { form: 'atomic' }
  | { form: 'struct'; field(name: string): Schema | undefined }
  | { form: 'list'; items: Schema | undefined; elements: string[] };

const atomic: Shape = { form: 'atomic' };

export function shapeOf(value: unknown, schema: Schema | undefined): Shape {
  if (isObject(value) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    const properties = schema?.properties;
    const others = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    const field = (name: string) =>
      properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : others;
    return { form: 'struct', field };
  }
  const naming = Array.isArray(value) ? namingOf(schema) : undefined;
  const elements = naming && elementsOf((value as unknown[]).map(naming.nameOf), naming);
  return elements === undefined ? atomic : { form: 'list', items: schema!.items, elements };
}

/** How the items of a list are told apart: by their names, which path elements are made of. */
export type Naming = { nameOf(item: unknown): unknown; element(name: unknown): string };

const byValue: Naming = { nameOf: (item) => item, element: (name) => `v:${JSON.stringify(name)}` };

/** Undefined where a list is one value. */
export function namingOf(schema: Schema | undefined): Naming | undefined {
  const listType = schema?.['x-kubernetes-list-type'];
  if (listType === 'set') return byValue;
  return listType === 'map' ? byKeys(schema!['x-kubernetes-list-map-keys'] ?? [], schema!.items) : undefined;
}

function byKeys(unordered: string[], items: Schema | undefined): Naming {
  const keys = [...unordered].sort();
  const [key = ''] = keys;
  const defaults = keys.map((name) => items?.properties?.[name]?.default);
  const keyOf = (item: unknown, index: number) =>
    isObject(item) ? (item[keys[index]!] ?? defaults[index]) : undefined;
  if (keys.length === 1)
    return { nameOf: (item) => keyOf(item, 0), element: (value) => `k:${JSON.stringify({ [key]: value })}` };
  return {
    nameOf: (item) => JSON.stringify(Object.fromEntries(keys.map((name, index) => [name, keyOf(item, index)]))),
    element: (name) => `k:${name}`,
  };
}

/** The path elements of items with these names. Two with one key cannot be told apart: undefined, it is owned as a whole. */
export function elementsOf(names: unknown[], naming: Naming): string[] | undefined {
  const elements = names.map(naming.element);
  return naming !== byValue && new Set(elements).size < elements.length ? undefined : elements;
}

/** The items of a list by their path elements. */
export const itemsOf = (list: unknown[], { elements }: Shape & { form: 'list' }): Map<string, unknown> =>
  new Map(list.map((item, index) => [elements[index]!, item]));
