import type { CelFunc, CelList } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';
import { equals } from './lists.ts';

/** Source: https://github.com/google/cel-go/tree/master/ext#sets. */
export function sets({ func, types: { LIST, BOOL } }: Toolkit): CelFunc[] {
  const has = (list: CelList, wanted: unknown) => [...list].some((item) => equals(item, wanted));
  const contains = (list: CelList, part: CelList) => [...part].every((item) => has(list, item));
  return [
    func('sets.contains', [LIST, LIST], BOOL, contains),
    func('sets.equivalent', [LIST, LIST], BOOL, (left, right) => contains(left, right) && contains(right, left)),
    func('sets.intersects', [LIST, LIST], BOOL, (left, right) => [...right].some((item) => has(left, item))),
  ];
}
