import { currentEvaluation } from '../evaluation.ts';
import { type CelFunc, type CelList, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';
import { compare, equals } from './lists.ts';

/** Source: https://github.com/google/cel-go/tree/master/ext#lists, version 3. */
export function collections({ func, method, types: { LIST, INT, DYN } }: Toolkit): CelFunc[] {
  const { celList } = library.cel;
  const made = (items: unknown[]) => celList(items as never);
  return [
    method(LIST, 'slice', [INT, INT], LIST, (list: CelList, start: bigint, end: bigint) => {
      checkSlice(list.size, start, end);
      return made([...list].slice(Number(start), Number(end)));
    }),
    method(LIST, 'flatten', [], LIST, (list: CelList) => made(flat(list, 1n))),
    method(LIST, 'flatten', [INT], LIST, (list: CelList, depth: bigint) => {
      if (depth < 0n) throw new Error('level must be non-negative');
      return made(flat(list, depth));
    }),
    method(LIST, 'sort', [], LIST, (list: CelList) => made(sorted([...list].map((item) => ({ key: item, item }))))),
    func('@sort_pairs', [LIST], LIST, (pairs: CelList) =>
      made(sorted([...pairs].map((pair) => ({ key: (pair as CelList).get(0), item: (pair as CelList).get(1) })))),
    ),
    func('lists.range', [INT], LIST, (length: bigint) => made(range(length))),
    method(LIST, 'reverse', [], LIST, (list: CelList) => made([...list].reverse())),
    method(LIST, 'distinct', [], LIST, (list: CelList) => made(distinct([...list]))),
    func('@pairs', [DYN], LIST, (whole) => made(pairsOf(whole).map((pair) => celList(pair as never)))),
    func('@key', [LIST], DYN, (pair: CelList) => pair.get(0)),
    func('@value', [LIST], DYN, (pair: CelList) => pair.get(1)),
  ];
}

function checkSlice(length: number, start: bigint, end: bigint): void {
  const asked = `cannot slice(${start}, ${end})`;
  if (start < 0n || end < 0n) throw new Error(`${asked}, negative indexes not supported`);
  if (start > end) throw new Error(`${asked}, start index must be less than or equal to end index`);
  if (end > BigInt(length)) throw new Error(`${asked}, list is length ${length}`);
}

/** Lists in lists share what they hold: every item that comes out is paid for. */
function flat(list: CelList, depth: bigint): unknown[] {
  const { budget } = currentEvaluation();
  const items: unknown[] = [];
  const visit = (inner: CelList, left: bigint): void => {
    for (const item of inner) {
      budget.spend(1);
      if (left > 0n && library.cel.isCelList(item)) visit(item, left - 1n);
      else items.push(item);
    }
  };
  visit(list, depth);
  return items;
}

type Keyed = { key: unknown; item: unknown };

/** By keys of one type; keys that are equal keep their order. */
function sorted(items: Keyed[]): unknown[] {
  const { celType } = library.cel;
  const types = new Set(items.map(({ key }) => celType(key as never).name));
  const [first] = items;
  if (first !== undefined && !hasOrder(first.key)) throw new Error('list elements must be comparable');
  if (types.size > 1) throw new Error('list elements must have the same type');
  currentEvaluation().budget.spend(items.length * Math.log2(items.length + 1));
  return items.sort((left, right) => compare(left.key, right.key)).map(({ item }) => item);
}

function hasOrder(value: unknown): boolean {
  try {
    compare(value, value);
    return true;
  } catch {
    return false;
  }
}

function range(length: bigint): bigint[] {
  const count = Math.max(0, Number(length));
  currentEvaluation().budget.spend(count);
  return Array.from({ length: count }, (_, index) => BigInt(index));
}

function distinct(items: unknown[]): unknown[] {
  const kept: unknown[] = [];
  for (const item of items) {
    currentEvaluation().budget.spend(kept.length + 1);
    if (!kept.some((other) => equals(other, item))) kept.push(item);
  }
  return kept;
}

/** Index and item of a list, key and value of a map. */
function pairsOf(whole: unknown): [unknown, unknown][] {
  const { isCelList, isCelMap } = library.cel;
  if (isCelMap(whole)) return [...whole];
  if (isCelList(whole)) return [...whole].map((item, index) => [BigInt(index), item]);
  throw new Error('no such overload: a loop over what is no list and no map');
}
