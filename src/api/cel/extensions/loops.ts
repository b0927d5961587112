import { currentEvaluation } from '../evaluation.ts';
import { type CelFunc, type CelList, type CelMap, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';
import { typed } from '../values.ts';

/**
 * What `rewrite` puts into loops, so that each turn is paid for and a list or map is made by adding to one that nobody
 * else holds; and what puts lists and maps together. Their names cannot be written in an expression.
 */
export function loops({ func, types: { DYN, LIST, MAP, STRING } }: Toolkit): CelFunc[] {
  const { celList, celMap } = library.cel;
  const growing = new WeakMap<object, unknown[]>();
  const filling = new WeakMap<object, Map<unknown, unknown>>();
  const put = (map: CelMap, key: unknown, value: unknown) => {
    if (map.has(key as never)) throw new Error(`insert failed: key ${keyText(key)} already exists`);
    filling.get(map)!.set(key, value);
  };
  return [
    func('@range', [DYN], DYN, (range) => range),
    func('@turn', [DYN], DYN, (condition) => condition),
    func('@list', [], LIST, () => {
      const items: unknown[] = [];
      const list = celList(items as never);
      growing.set(list, items);
      return list;
    }),
    func('@append', [LIST, DYN], LIST, (list: CelList, item) => {
      growing.get(list)!.push(item);
      return list;
    }),
    func('@map', [], MAP, () => {
      const entries = new Map<unknown, unknown>();
      const map = celMap(entries as never);
      filling.set(map, entries);
      return map;
    }),
    func('@put', [MAP, DYN, DYN], MAP, (map: CelMap, key, value) => {
      put(map, key, value);
      return map;
    }),
    func('@put_all', [MAP, MAP], MAP, (map: CelMap, more: CelMap) => {
      for (const [key, value] of more) {
        currentEvaluation().budget.spend(1);
        put(map, key, value);
      }
      return map;
    }),
    func('@index', [DYN, DYN], DYN, indexed),
    func('@concat', [LIST], LIST, (lists: CelList) => celList([...lists].flatMap((list) => [...(list as CelList)]))),
    func('@entries', [LIST], MAP, (entries: CelList) => celMap(entriesOf(entries) as never)),
    func('@object', [STRING, MAP], MAP, (type: string, map: CelMap) => typed(map, type)),
  ];
}

const keyText = (key: unknown) => (typeof key === 'string' ? key : String(key));

/** An item of a list, or a value of a map. */
function indexed(from: any, key: any): unknown {
  const { isCelList, isCelMap, celType } = library.cel;
  if (isCelMap(from)) {
    const found = from.get(key);
    if (found === undefined) throw new Error(`no such key: ${keyText(key)}`);
    return found;
  }
  if (!isCelList(from)) throw new Error(`no such key: ${keyText(key)}`);
  const at = library.cel.isCelUint(key) ? Number(key.value) : Number(key);
  if (typeof key === 'string' || typeof key === 'boolean' || Number.isNaN(at))
    throw new Error(`unsupported index type '${celType(key).name}' in list`);
  if (!Number.isInteger(at)) throw new Error(`unsupported index value ${at} in list`);
  const found = at < 0 ? undefined : from.get(at);
  if (found === undefined) throw new Error(`index out of bounds: ${at}`);
  return found;
}

/** Of each key a list of its value, or of none; of two alike the last one counts. */
function entriesOf(entries: CelList): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>();
  for (const entry of entries) {
    const [key, values] = [...(entry as CelList)] as [unknown, CelList];
    if (values.size === 0) continue;
    made.set(key, values.get(0));
  }
  return made;
}
