import { isObject, setOwn } from '../../foundation/json.ts';
import type { Schema } from '../schema/schema.ts';
import { badRequest } from '../status.ts';

/**
 * Strategic merge patch: a merge patch that knows lists. Lists of objects merge by their key, lists of scalars as
 * sets, where the schema says so; directives ($patch, $retainKeys, $setElementOrder, $deleteFromPrimitiveList) steer
 * the rest. Changes and returns `target`. Throws BadRequest for directives that make no sense.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
export function strategicMergePatch(target: unknown, patch: unknown, schema: Schema): unknown {
  if (!isObject(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeMap(isObject(target) ? target : {}, patch, schema);
}

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

function mergeMap(target: Record<string, any>, patch: Record<string, any>, schema: Schema | undefined): object {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw badRequest(`unknown $patch directive "${directive}"`);
  if (patch['$retainKeys'] !== undefined) retainKeys(target, patch['$retainKeys']);
  const before = { ...target };

  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix)) continue;
    if (key.startsWith(deletePrefix)) {
      const field = key.slice(deletePrefix.length);
      if (!Array.isArray(value)) throw badRequest(`${key} must be a list`);
      const deleted = new Set<unknown>(value);
      if (Array.isArray(target[field])) target[field] = target[field].filter((item: unknown) => !deleted.has(item));
    } else if (value === null) delete target[key];
    else setOwn(target, key, mergeField(own(target, key), value, fieldSchema(schema, key)));
  }
  for (const key of Object.keys(patch).filter((key) => key.startsWith(orderPrefix)))
    orderField(target, before, patch, key, schema);
  return target;
}

const own = (object: Record<string, any>, key: string) => (Object.hasOwn(object, key) ? object[key] : undefined);

function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const property = schema?.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  if (property) return property;
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function mergeField(current: unknown, value: unknown, schema: Schema | undefined): unknown {
  const replaces = schema?.['x-kubernetes-patch-strategy'] === 'replace';
  if (isObject(value)) return replaces ? strip(value) : mergeMap(isObject(current) ? current : {}, value, schema);
  if (!Array.isArray(value)) return value;
  if (!merges(schema)) return value.map(strip);
  const list = Array.isArray(current) ? current : [];
  const key = schema!['x-kubernetes-patch-merge-key'];
  return key === undefined ? mergeScalars(list, value) : mergeObjects(list, value, key, schema!.items);
}

const merges = (schema: Schema | undefined) =>
  (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',').includes('merge');

/** A set: what is missing is added. */
function mergeScalars(current: unknown[], patch: unknown[]): unknown[] {
  return inOrder([...new Set([...current, ...patch])], patch, current, undefined);
}

function mergeObjects(current: any[], patch: any[], key: string, items: Schema | undefined): any[] {
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace' && !(key in item)))
    return patch.filter((item) => item['$patch'] === undefined).map(strip);
  const result = [...current];
  // Where the items of a name stand: the first of them is meant.
  const places = Map.groupBy(result.keys(), (index) => result[index]?.[key]);
  const deleted = new Set<number>();
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`a list that merges by "${key}" holds objects`);
    if (item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const at = places.get(item[key])?.[0];
    if (item['$patch'] === 'delete') {
      if (at !== undefined) deleted.add(places.get(item[key])!.shift()!);
    } else if (at !== undefined) result[at] = mergeMap(result[at], item, items);
    else places.set(item[key], [result.push(mergeMap({}, item, items)) - 1]);
  }
  const left = result.filter((_, index) => !deleted.has(index));
  return inOrder(left, patch, current, key);
}

/**
 * The list with what the patch names in the patch's order, among what only the server has, in the server's: of two that
 * were there before, what stood before stays before as far as the patch's order allows; what the patch adds comes first.
 */
function inOrder(list: any[], order: any[], before: any[], key: string | undefined): any[] {
  const identity = (item: any) => (key === undefined ? item : item?.[key]);
  const rank = new Map(order.map((item, index) => [identity(item), index]));
  const position = new Map(before.map((item, index) => [identity(item), index]));
  const named = list.filter((item) => rank.has(identity(item)));
  named.sort((one, other) => rank.get(identity(one))! - rank.get(identity(other))!);
  const others = list.filter((item) => !rank.has(identity(item)));
  const result: any[] = [];
  let next = 0;
  for (const item of named) {
    const place = position.get(identity(item)) ?? -1;
    while (next < others.length && position.get(identity(others[next]))! < place) result.push(others[next++]);
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

/** Keys that are not listed are cleared: how a union (a volume's source) changes from one member to another. */
function retainKeys(target: Record<string, any>, keys: unknown): void {
  if (!Array.isArray(keys)) throw badRequest('$retainKeys must be a list');
  const kept = new Set<unknown>(keys);
  for (const key of Object.keys(target)) if (!kept.has(key)) delete target[key];
}

/** A list in the order that the patch gives beside it. */
function orderField(
  target: Record<string, any>,
  before: Record<string, any>,
  patch: Record<string, any>,
  directive: string,
  schema: Schema | undefined,
) {
  const field = directive.slice(orderPrefix.length);
  const list = target[field];
  const order = patch[directive];
  if (!Array.isArray(order)) throw badRequest(`${directive} must be a list`);
  if (!Array.isArray(list)) return;
  const key = fieldSchema(schema, field)?.['x-kubernetes-patch-merge-key'];
  const present = own(before, field);
  target[field] = inOrder(list, order, Array.isArray(present) ? present : [], key);
}

function withoutDirectives(patch: Record<string, any>): object {
  const { $patch: _, ...rest } = patch;
  return strip(rest) as object;
}

/** A value that is new as a whole must not carry directives into the stored object. */
function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (!isObject(value)) return value;
  const result: Record<string, any> = {};
  for (const [key, field] of Object.entries(value)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix) || key.startsWith(deletePrefix))
      continue;
    if (field !== null) setOwn(result, key, strip(field));
  }
  return result;
}
