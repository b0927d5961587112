import { type CelFunc, type CelList, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';

/**
 * What `rewrite.ts` puts into the loops of macros, so that each turn is paid for and a list is made by appending to
 * one array. Their names cannot be written in an expression.
 */
export function loops({ func, types: { DYN, LIST } }: Toolkit): CelFunc[] {
  const growing = new WeakMap<object, unknown[]>();
  return [
    func('@range', [DYN], DYN, (range) => range),
    func('@turn', [DYN], DYN, (condition) => condition),
    func('@list', [], LIST, () => {
      const items: unknown[] = [];
      const list = library.cel.celList(items as never);
      growing.set(list, items);
      return list;
    }),
    func('@append', [LIST, DYN], LIST, (list: CelList, item) => {
      growing.get(list)!.push(item);
      return list;
    }),
  ];
}
