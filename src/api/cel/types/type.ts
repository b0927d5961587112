import { typeSizeMax } from '../limits.ts';

/**
 * A type of CEL: `int`, `list(string)`, `map(string, dyn)`. One with `fields` is an object that has these and no others;
 * a parameter stands for any type, the same one wherever it is named.
 */
export type Type = {
  name: string;
  params: readonly Type[];
  fields?: ReadonlyMap<string, Type>;
  isParameter?: true;
  /** How many names it is written with, of a type with parameters. */
  size?: number;
};

const plain = (name: string): Type => ({ name, params: [] });

/** A type with these parameters; one that would be too large to look at is not known. */
export function typeWith(type: Type, params: readonly Type[]): Type {
  const size = params.reduce((sum, param) => sum + (param.size ?? 1), 1);
  return size > typeSizeMax ? dyn : { ...type, params, size };
}

export const [dyn, bool, int, double, string, timestamp, nullType, errorType] = [
  ...[plain('dyn'), plain('bool'), plain('int'), plain('double'), plain('string'), plain('timestamp')],
  ...[plain('null'), plain('!error!')],
] as [Type, Type, Type, Type, Type, Type, Type, Type];

export const listOf = (item: Type): Type => typeWith(plain('list'), [item]);
export const mapOf = (key: Type, value: Type): Type => typeWith(plain('map'), [key, value]);
export const optionalOf = (value: Type): Type => typeWith(plain('optional_type'), [value]);
export const typeOf = (type: Type): Type => typeWith(plain('type'), [type]);
export const parameter = (name: string): Type => ({ name, params: [], isParameter: true });
export const objectType = (name: string, fields: Record<string, Type>): Type => ({
  ...{ name, params: [], fields: new Map(Object.entries(fields)) },
});

export const isDyn = ({ name }: Type): boolean => name === 'dyn' || name === 'any';
export const isDynOrError = (type: Type): boolean => isDyn(type) || type.name === errorType.name;

/** What is inside an optional; undefined of what is none. */
export const insideOf = ({ name, params }: Type): Type | undefined =>
  name === 'optional_type' ? params[0] : undefined;

/** As upstream's compiler writes it: `map(string, list(int))`. */
export const typeText = ({ name, params }: Type): string =>
  params.length === 0 ? name : `${name}(${params.map(typeText).join(', ')})`;

export const isSameType = (left: Type, right: Type): boolean =>
  left === right ||
  (left.name === right.name &&
    left.isParameter === right.isParameter &&
    left.params.length === right.params.length &&
    left.params.every((param, index) => isSameType(param, right.params[index]!)));

/** Reads `map(K, list(int))`; a name of one capital letter is a parameter. */
export function readType(text: string): Type {
  const [, name = '', inner] = /^([\w.]+)(?:\((.*)\))?$/s.exec(text.trim()) ?? [];
  if (inner !== undefined) return typeWith(plain(name), splitTypes(inner).map(readType));
  return /^[A-Z]$/.test(name) ? parameter(name) : plain(name);
}

/** The types between commas that stand in no brackets. */
export function splitTypes(text: string): string[] {
  if (text.trim() === '') return [];
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
