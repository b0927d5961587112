import { type CelFunc, type CelList, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';

/** Source: k8s.io/apiserver/pkg/cel/library/lists.go. */
export function lists({ method, types: { LIST, INT, BOOL, DYN } }: Toolkit): CelFunc[] {
  return [
    method(LIST, 'isSorted', [], BOOL, (list: CelList) => {
      const items = [...list];
      return items.every((item, index) => index === 0 || compare(items[index - 1], item) <= 0);
    }),
    method(LIST, 'sum', [], DYN, (list: CelList) => sum([...list])),
    method(LIST, 'min', [], DYN, (list: CelList) => extreme([...list], 'min', -1)),
    method(LIST, 'max', [], DYN, (list: CelList) => extreme([...list], 'max', 1)),
    method(LIST, 'indexOf', [DYN], INT, (list: CelList, wanted) => BigInt(positions(list, wanted)[0] ?? -1)),
    method(LIST, 'lastIndexOf', [DYN], INT, (list: CelList, wanted) => BigInt(positions(list, wanted).at(-1) ?? -1)),
  ];
}

function positions(list: CelList, wanted: unknown): number[] {
  return [...list].flatMap((item, index) => (equals(item, wanted) ? [index] : []));
}

/** CEL's own equality: across kinds of numbers, deep for lists, maps and values of extensions. */
export function equals(left: unknown, right: unknown): boolean {
  const { celEnv } = library.cel;
  equality ??= celEnv().funcs.find('_==_');
  return equality!.call(0, undefined, [left, right] as never) === true;
}
let equality: ReturnType<import('../library.ts').CelEnv['funcs']['find']>;

/** Throws an Error for values that have no order. */
export function compare(left: any, right: any): number {
  const [a, b] = [orderOf(left), orderOf(right)];
  const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint';
  if (typeof a !== typeof b && !(isNumber(a) && isNumber(b)))
    throw new Error('no such overload: the items of the list have no order');
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What values are ordered by: numbers, texts, truth, and the nanoseconds of times and durations. */
function orderOf(value: any): string | number | bigint | boolean {
  if (typeof value === 'object' && value !== null) {
    if (library.cel.isCelUint(value)) return value.value;
    const { seconds, nanos } = value.message ?? {};
    if (typeof seconds === 'bigint') return seconds * 1_000_000_000n + BigInt(nanos);
    throw new Error('no such overload: the items of the list have no order');
  }
  if (value === null) throw new Error('null has no order');
  return value;
}

function sum(items: any[]): unknown {
  if (items.length === 0) return 0n;
  const { celEnv } = library.cel;
  addition ??= celEnv().funcs.find('_+_');
  if (typeof items[0] === 'string' || library.cel.isCelList(items[0])) throw new Error('no such overload: sum(list)');
  return items.reduce((left, right) => {
    const total = addition!.call(0, undefined, [left, right] as never);
    if (total === undefined) throw new Error('no such overload: sum(list)');
    if (library.cel.isCelError(total)) throw new Error(total.message);
    return total;
  });
}
let addition: ReturnType<import('../library.ts').CelEnv['funcs']['find']>;

function extreme(items: any[], name: string, sign: number): unknown {
  if (items.length === 0) throw new Error(`${name} called on empty list`);
  return items.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best));
}
