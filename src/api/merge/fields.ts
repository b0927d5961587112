import { equalJson, isObject } from '../../foundation/json.ts';
import type { Schema } from '../schema/schema.ts';

/**
 * A set of field paths in the form of metav1.FieldsV1: `{"f:spec":{"f:replicas":{}}}`. A path element is `f:<field>`,
 * `k:<keys as JSON>` for an item of a list that merges by keys, or `v:<JSON>` for an item of a set. A path is in the
 * set when its node is empty or holds ".".
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export type Fields = { [element: string]: Fields };

/** How a value merges: whole, field by field, or item by item. */
type Shape =
  | { form: 'atomic' }
  | { form: 'struct'; field(name: string): Schema | undefined; isMap(name: string): boolean }
  | { form: 'list'; items: Schema | undefined; element(item: unknown): string };

export function shapeOf(value: unknown, schema: Schema | undefined): Shape {
  if (isObject(value) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    const properties = schema?.properties;
    const others = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    const named = (name: string) => properties !== undefined && Object.hasOwn(properties, name);
    return {
      form: 'struct',
      field: (name) => (named(name) ? properties![name] : others),
      isMap: (name) => !named(name),
    };
  }
  const element = Array.isArray(value) ? itemElement(schema) : undefined;
  if (element === undefined || elementsOf(value as unknown[], element) === undefined) return { form: 'atomic' };
  return { form: 'list', items: schema!.items, element };
}

type ItemElement = (item: unknown) => string;
const itemElements = new WeakMap<Schema, ItemElement>();

/** How the items of a list are named in a path; undefined where a list is one value. */
function itemElement(schema: Schema | undefined): ItemElement | undefined {
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
function elementsOf(value: unknown[], element: ItemElement): string[] | undefined {
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

const none: Fields = Object.freeze({});

/** A value that was seen where a schema stands: its names, the sets of what is beneath them, and the set of all. */
type Known = {
  names: string[];
  inner: Fields[];
  fields: Fields;
  /** What was seen after it last time. */
  next?: Known;
};
type Seen = { sets: Known[]; oldest: number; last: Known };
const seenAt = new WeakMap<Schema, Seen>();
const setsMax = 32;
const noSchema: Schema = {};
const nothing: Known = { names: [], inner: [], fields: none };

function seenOf(schema: Schema): Seen {
  let seen = seenAt.get(schema);
  if (seen === undefined) {
    seen = { sets: [], oldest: 0, last: nothing };
    seenAt.set(schema, seen);
  }
  return seen;
}

/**
 * A set while it is gathered. Objects of a kind mostly look alike, and their parts come in the same order: a set is made
 * once and shared by all that have it, with what else is derived from it. As long as a value looks like the guess nothing
 * is written down. Of each schema the newest few sets are known.
 */
type Gathered = { seen: Seen; guess: Known; size: number; names: string[] | undefined; inner: Fields[] };

function gather(schema: Schema = noSchema): Gathered {
  const seen = seenOf(schema);
  return { seen, guess: seen.last.next ?? seen.last, size: 0, names: undefined, inner: nothing.inner };
}

function take(gathered: Gathered, name: string, fields: Fields): void {
  const { guess, size } = gathered;
  if (gathered.names === undefined) {
    if (guess.names[size] === name && guess.inner[size] === fields) {
      gathered.size++;
      return;
    }
    gathered.names = guess.names.slice(0, size);
    gathered.inner = guess.inner.slice(0, size);
  }
  gathered.names.push(name);
  gathered.inner.push(fields);
}

function setOf({ seen, guess, size, names, inner }: Gathered, elementOf: (name: string) => string): Fields {
  if (names === undefined && size === 0) return none;
  let found = guess;
  if (names !== undefined || size < guess.names.length) {
    const all = names ?? guess.names.slice(0, size);
    const under = names === undefined ? guess.inner.slice(0, size) : inner;
    found =
      seen.sets.find((known) => sameItems(known.names, all) && sameItems(known.inner, under)) ??
      remember(seen, all, under, elementOf);
  }
  seen.last.next = found;
  seen.last = found;
  return found.fields;
}

function remember(seen: Seen, names: string[], inner: Fields[], elementOf: (name: string) => string): Known {
  const fields: Fields = {};
  const order = [...names.keys()].sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  for (const index of order) fields[elementOf(names[index]!)] = inner[index]!;
  const known: Known = { names, inner, fields: Object.freeze(fields) };
  seen.sets[seen.oldest] = known;
  seen.oldest = (seen.oldest + 1) % setsMax;
  return known;
}

function sameItems<T>(left: T[], right: T[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

const itself = (element: string): string => element;
const fieldElement = (name: string): string => `f:${name}`;

/** Every field that an applied configuration sets. The result is shared, frozen and in order. */
export function fieldsOf(value: unknown, schema: Schema | undefined): Fields {
  if (typeof value !== 'object' || value === null) return none;
  if (!Array.isArray(value)) return fieldsOfStruct(value as Record<string, unknown>, schema);
  const element = itemElement(schema);
  const elements = element && elementsOf(value, element);
  if (elements === undefined) return none;
  const gathered = gather(schema);
  for (let index = 0; index < value.length; index++) {
    const name = elements[index]!;
    take(gathered, name, name.startsWith('v:') ? none : withSelf(fieldsOf(value[index], schema!.items)));
  }
  return setOf(gathered, itself);
}

function fieldsOfStruct(value: Record<string, unknown>, schema: Schema | undefined): Fields {
  if (schema?.['x-kubernetes-map-type'] === 'atomic') return none;
  const properties = schema?.properties;
  const others = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const gathered = gather(schema);
  for (const name in value) {
    const field = value[name];
    if (typeof field !== 'object' || field === null) take(gathered, name, none);
    else if (properties !== undefined && Object.hasOwn(properties, name))
      take(gathered, name, fieldsOf(field, properties[name]));
    else take(gathered, name, withSelf(fieldsOf(field, others)));
  }
  return setOf(gathered, fieldElement);
}

const selves = new WeakMap<Fields, Fields>();
/** The same set with its own node in it; shared as what it is made from. */
function withSelf(fields: Fields): Fields {
  if (fields === none) return none;
  let result = selves.get(fields);
  if (result === undefined) {
    result = Object.freeze({ '.': none, ...fields });
    selves.set(fields, result);
  }
  return result;
}

export type Comparison = { added: Fields; modified: Fields; removed: Fields };

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

type Child = { value: unknown; schema: Schema | undefined };

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

/**
 * The same set with its elements in order, as Kubernetes writes it: clients compare managed fields as texts. Frozen sets
 * are given back as they are: shared ones are made in order (`fieldsOf`), those of stored objects were written so.
 */
export function inOrder(fields: Fields): Fields {
  if (Object.isFrozen(fields)) return fields;
  const result: Fields = {};
  for (const name of Object.keys(fields).sort()) result[name] = inOrder(fields[name]!);
  return result;
}

export const isEmpty = (fields: Fields): boolean => {
  for (const _ in fields) return false;
  return true;
};

/** Is this node itself in the set, not only something beneath it? */
export const isMember = (fields: Fields) => isEmpty(fields) || '.' in fields;

export function union(a: Fields, b: Fields): Fields {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) ? b : a;
  const result: Fields = { ...a };
  for (const [element, fields] of Object.entries(b)) {
    const other = result[element];
    if (other === undefined) result[element] = fields;
    else {
      const inner = union(other, fields);
      const self = (isMember(other) || isMember(fields)) && element !== '.';
      result[element] = self && !isEmpty(inner) ? { '.': {}, ...inner } : inner;
    }
  }
  return result;
}

/** Paths of `a` that are not in `b`. */
export function difference(a: Fields, b: Fields): Fields {
  if (isEmpty(b)) return a;
  const result: Fields = {};
  for (const [element, fields] of Object.entries(a)) {
    const other = b[element];
    if (other === undefined) result[element] = fields;
    else if (element !== '.') {
      const inner = difference(opened(fields), opened(other));
      if (!isEmpty(inner)) result[element] = normal(inner);
    }
  }
  return result;
}

/** Paths in both. */
export function intersection(a: Fields, b: Fields): Fields {
  const result: Fields = {};
  for (const [element, fields] of Object.entries(a)) {
    const other = b[element];
    if (other === undefined) continue;
    if (element === '.') result[element] = {};
    else {
      const inner = intersection(opened(fields), opened(other));
      if (!isEmpty(inner)) result[element] = normal(inner);
    }
  }
  return result;
}

/** A node that is written as an empty one holds itself. */
const opened = (fields: Fields): Fields => (isEmpty(fields) ? { '.': {} } : fields);

/** A node that holds nothing but itself is written as an empty one. */
const normal = (fields: Fields): Fields => {
  const keys = Object.keys(fields);
  return keys.length === 1 && keys[0] === '.' ? {} : fields;
};

/** Every path of the set in the notation of field errors: `.spec.containers[name="web"].image`. */
export function pathsOf(fields: Fields, prefix = ''): string[] {
  const paths: string[] = [];
  for (const [element, inner] of Object.entries(fields)) {
    if (element === '.') continue;
    const path = prefix + notation(element);
    if (isMember(inner)) paths.push(path);
    paths.push(...pathsOf(inner, path));
  }
  return paths;
}

function notation(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text)).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `[${keys.join(',')}]`;
}
