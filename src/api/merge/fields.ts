import type { Schema } from '../schema/schema.ts';
import type { Fields } from './field-set.ts';
import { elementsOf, itemElement } from './shape.ts';

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
export function withSelf(fields: Fields): Fields {
  if (fields === none) return none;
  let result = selves.get(fields);
  if (result === undefined) {
    result = Object.freeze({ '.': none, ...fields });
    selves.set(fields, result);
  }
  return result;
}
