import { isObject } from '../../foundation/json.ts';
import type { Schema } from '../schema/schema.ts';

/** How a value merges: whole, field by field, or item by item. */
export type Shape =
  | { form: 'atomic' }
  | { form: 'struct'; field(name: string): Schema | undefined }
  | { form: 'list'; items: Schema | undefined; element(item: unknown): string };

export function shapeOf(value: unknown, schema: Schema | undefined): Shape {
  if (isObject(value) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    const properties = schema?.properties;
    const others = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    const field = (name: string) =>
      properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : others;
    return { form: 'struct', field };
  }
  const element = Array.isArray(value) ? itemElement(schema) : undefined;
  if (element === undefined || elementsOf(value as unknown[], element) === undefined) return { form: 'atomic' };
  return { form: 'list', items: schema!.items, element };
}

type ItemElement = (item: unknown) => string;
const itemElements = new WeakMap<Schema, ItemElement>();

/** How the items of a list are named in a path; undefined where a list is one value. */
export function itemElement(schema: Schema | undefined): ItemElement | undefined {
  const listType = schema?.['x-kubernetes-list-type'];
  if (listType === 'set') return valueElement;
  if (listType !== 'map') return undefined;
  let element = itemElements.get(schema!);
  if (element === undefined) {
    const keys = [...(schema!['x-kubernetes-list-map-keys'] ?? [])].sort();
    element = (item) => keyElement(item, keys, schema!.items);
    itemElements.set(schema!, element);
  }
  return element;
}

const valueElement: ItemElement = (item) => `v:${JSON.stringify(item)}`;

/** The elements of all items. Two with one key cannot be told apart: such a list is owned as a whole (undefined). */
export function elementsOf(value: unknown[], element: ItemElement): string[] | undefined {
  const elements = value.map(element);
  return elements[0]?.startsWith('k:') && hasRepeats(elements) ? undefined : elements;
}

/** A few are compared faster than put into a Set. */
function hasRepeats(items: string[]): boolean {
  if (items.length > 16) return new Set(items).size < items.length;
  for (let index = 1; index < items.length; index++) if (items.indexOf(items[index]!) < index) return true;
  return false;
}

function keyElement(item: unknown, keys: string[], items: Schema | undefined): string {
  const named: Record<string, unknown> = {};
  for (const key of keys) {
    const value = isObject(item) ? (item[key] ?? items?.properties?.[key]?.default) : undefined;
    if (keys.length === 1 && typeof value === 'string') return namedElement(key, value);
    if (value !== undefined) named[key] = value;
  }
  return `k:${JSON.stringify(named)}`;
}

/** Names of containers, volumes and variables come again with every pod: their elements are made once. */
const namedElements = new Map<string, Map<string, string>>();
const namedElementsMax = 5000;

function namedElement(key: string, value: string): string {
  let elements = namedElements.get(key);
  if (elements === undefined) {
    elements = new Map();
    namedElements.set(key, elements);
  }
  let element = elements.get(value);
  if (element === undefined) {
    element = `k:${JSON.stringify({ [key]: value })}`;
    if (elements.size >= namedElementsMax) elements.clear();
    if (value.length < 256) elements.set(value, element);
  }
  return element;
}

export type Child = { value: unknown; schema: Schema | undefined };

/** The parts of a value that have a path element of their own. */
export function childrenOf(value: unknown, schema: Schema | undefined): Map<string, Child> {
  const shape = shapeOf(value, schema);
  const children = new Map<string, Child>();
  if (shape.form === 'struct')
    for (const [name, field] of Object.entries(value as object))
      children.set(`f:${name}`, { value: field, schema: shape.field(name) });
  if (shape.form === 'list')
    for (const item of value as unknown[]) children.set(shape.element(item), { value: item, schema: shape.items });
  return children;
}
