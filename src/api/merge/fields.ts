import type { Schema } from '../schema/schema.ts';
import type { Fields } from './field-set.ts';
import { elementsOf, type Naming, namingOf } from './shape.ts';

const none: Fields = Object.freeze({});

/**
 * A set that was seen, and what it was made of: the name of each field or item, and the set of what is in it. Objects of a
 * kind mostly look alike, and their parts come in the same order: a set is made once and shared by all that have it, with
 * what else is derived from it. As long as a value looks like what is expected next nothing is written down. What comes
 * next is told by where it stands among the sets, so that none is kept by another.
 */
type Known = { parts: unknown[]; fields: Fields; index: number; next: number };

/** Where a schema stands: what is around it, found once, and the newest few sets that were seen there. */
type Place = {
  schema: Schema;
  /** Is an object one value here? */
  isAtomic: boolean;
  /** Of the items of a list; undefined where a list is one value. */
  naming: Naming | undefined;
  /** Of the properties that were met. */
  inner: Map<string, Place>;
  sets: Known[];
  oldest: number;
  last: Known;
};
const places = new WeakMap<Schema, Place>();
const setsMax = 32;
const noSchema: Schema = {};

function placeOf(schema: Schema = noSchema): Place {
  let place = places.get(schema);
  if (place === undefined) {
    const naming = namingOf(schema);
    const isAtomic = naming !== undefined || schema['x-kubernetes-map-type'] === 'atomic';
    const last = { parts: [], fields: none, index: 0, next: 0 };
    place = { schema, isAtomic, naming, inner: new Map(), sets: [], oldest: 0, last };
    places.set(schema, place);
  }
  return place;
}

const isProperty = ({ properties }: Schema, name: string): boolean =>
  properties !== undefined && Object.hasOwn(properties, name);

function placeIn({ schema, inner }: Place, name: string): Place {
  const known = inner.get(name);
  if (known !== undefined) return known;
  const { properties, additionalProperties: others } = schema;
  if (!isProperty(schema, name)) return placeOf(typeof others === 'object' ? others : undefined);
  const place = placeOf(properties![name]);
  inner.set(name, place);
  return place;
}

/** Every field that an applied configuration sets. The result is shared, frozen and in order. */
export const fieldsOf = (value: unknown, schema: Schema | undefined): Fields =>
  typeof value === 'object' && value !== null ? fieldsAt(placeOf(schema), value) : none;

function fieldsAt(place: Place, value: object): Fields {
  if (Array.isArray(value)) return place.naming === undefined ? none : fieldsOfList(place, value, place.naming);
  return place.isAtomic ? none : fieldsOfStruct(place, value as Record<string, unknown>);
}

function fieldsOfStruct(place: Place, value: Record<string, unknown>): Fields {
  const expected = place.sets[place.last.next] ?? place.last;
  let size = 0;
  let parts: unknown[] | undefined;
  for (const name in value) {
    const field = value[name];
    const fields = typeof field === 'object' && field !== null ? fieldsAt(placeIn(place, name), field) : none;
    if (parts === undefined && expected.parts[size] === name && expected.parts[size + 1] === fields) size += 2;
    else {
      parts ??= expected.parts.slice(0, size);
      parts.push(name, fields);
    }
  }
  return setOf(place, expected, size, parts);
}

function fieldsOfList(place: Place, value: unknown[], { nameOf }: Naming): Fields {
  const inner = placeOf(place.schema.items);
  const expected = place.sets[place.last.next] ?? place.last;
  let size = 0;
  let parts: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    const name = nameOf(item);
    // An item of a set is its own name, and has no parts.
    const fields = typeof item === 'object' && item !== null && item !== name ? fieldsAt(inner, item) : none;
    if (parts === undefined && expected.parts[size] === name && expected.parts[size + 1] === fields) size += 2;
    else {
      parts ??= expected.parts.slice(0, size);
      parts.push(name, fields);
    }
  }
  return setOf(place, expected, size, parts);
}

/** `size` parts are those that were expected, unless `parts` says what there is instead. */
function setOf(place: Place, expected: Known, size: number, parts: unknown[] | undefined): Fields {
  if (parts === undefined && size === 0) return none;
  let found = expected;
  if (parts !== undefined || size < expected.parts.length) {
    const all = parts ?? expected.parts.slice(0, size);
    found = place.sets.find((known) => sameItems(known.parts, all)) ?? remember(place, all);
  }
  place.last.next = found.index;
  place.last = found;
  return found.fields;
}

function remember(place: Place, parts: unknown[]): Known {
  const index = place.oldest;
  const known = { parts, fields: makeSet(place, parts), index, next: index };
  place.sets[index] = known;
  place.oldest = (index + 1) % setsMax;
  return known;
}

function makeSet({ schema, naming }: Place, parts: unknown[]): Fields {
  const names = parts.filter((_, index) => index % 2 === 0);
  const elements = naming === undefined ? names.map((name) => `f:${name}`) : elementsOf(names, naming);
  if (elements === undefined) return none;
  const fields: Fields = {};
  const order = [...elements.keys()].sort((a, b) => (elements[a]! < elements[b]! ? -1 : 1));
  for (const index of order) {
    const inner = parts[2 * index + 1] as Fields;
    const isField = naming === undefined && isProperty(schema, names[index] as string);
    fields[elements[index]!] = isField ? inner : withSelf(inner);
  }
  return Object.freeze(fields);
}

function sameItems<T>(left: T[], right: T[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

const selves = new WeakMap<Fields, Fields>();
/** The same set with its own node in it; shared as what it is made from. */
export function withSelf(fields: Fields): Fields {
  if (fields === none) return none;
  let result = selves.get(fields);
  if (result === undefined) {
    result = Object.freeze({ '.': none, ...fields });
    selves.set(fields, result);
  }
  return result;
}
