import { type CelFunc, type CelList, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';

/** An optional is a list of at most one value that is known to be one. */
const known = new WeakSet<object>();

export function optional(...values: unknown[]): CelList {
  const list = library.cel.celList(values as never);
  known.add(list);
  return list;
}

export const isOptional = (value: unknown): value is CelList =>
  typeof value === 'object' && value !== null && known.has(value);

function checked(value: CelList): CelList {
  if (!known.has(value)) throw new Error('no such overload: the value is not an optional');
  return value;
}

/**
 * Optional values, which the library lacks: `rewrite` turns `a.?b`, `a[?b]`, optMap and optFlatMap into these.
 * Source: https://github.com/google/cel-go/blob/master/cel/library.go, OptionalTypes.
 */
export function optionals({ func, method, types: { DYN, LIST, BOOL } }: Toolkit): CelFunc[] {
  return [
    func('optional.of', [DYN], LIST, (value) => optional(value)),
    func('optional.none', [], LIST, () => optional()),
    func('optional.ofNonZeroValue', [DYN], LIST, (value) => (isZero(value) ? optional() : optional(value))),
    method(LIST, 'hasValue', [], BOOL, (self: CelList) => checked(self).size > 0),
    method(LIST, 'value', [], DYN, (self: CelList) => {
      if (checked(self).size === 0) throw new Error('optional.none() dereference');
      return self.get(0);
    }),
    method(LIST, 'orValue', [DYN], DYN, (self: CelList, other) => (checked(self).size > 0 ? self.get(0) : other)),
    method(LIST, 'or', [LIST], LIST, (self: CelList, other: CelList) =>
      checked(self).size > 0 ? self : checked(other),
    ),
    method(LIST, 'first', [], LIST, (self: CelList) => optional(...[...self].slice(0, 1))),
    method(LIST, 'last', [], LIST, (self: CelList) => optional(...[...self].slice(-1))),
    func('optional.unwrap', [LIST], LIST, unwrap),
    method(LIST, 'unwrapOpt', [], LIST, unwrap),
    func('@optional_get', [DYN, DYN], LIST, get),
    func('@optional_items', [LIST], LIST, (self: CelList) => checked(self)),
    func('@optional_map', [LIST], LIST, (items: CelList) => optional(...items)),
    func('@optional_flat', [LIST], LIST, (items: CelList) =>
      items.size === 0 ? optional() : checked(items.get(0) as CelList),
    ),
  ];
}

/** The values of those that have one. */
const unwrap = (list: CelList) =>
  library.cel.celList([...list].flatMap((item) => [...checked(item as CelList)]) as never);

/** The field, key or index of a value or of an optional, if it is there. */
function get(from: any, key: any): CelList {
  const { isCelList, isCelMap } = library.cel;
  if (isCelList(from) && known.has(from)) return from.size === 0 ? from : get(from.get(0), key);
  if (!isCelMap(from) && !isCelList(from)) throw new Error('no such overload: optional selection of a scalar');
  const found = isCelMap(from) ? from.get(key) : from.get(Number(key));
  return found === undefined ? optional() : optional(found);
}

function isZero(value: any): boolean {
  const { isCelList, isCelMap, isCelUint } = library.cel;
  if (isCelList(value) || isCelMap(value)) return value.size === 0;
  if (isCelUint(value)) return value.value === 0n;
  const { seconds, nanos } = value?.message ?? {};
  if (typeof seconds === 'bigint') return seconds === 0n && nanos === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  return value === null || value === false || value === '' || value === 0 || value === 0n;
}
