import { isDeepStrictEqual } from 'node:util';
import { isObject, setOwn } from '../../foundation/json.ts';
import type { KubernetesObject, ManagedFields } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { compareFields } from './compare.ts';
import { difference, type Fields, intersection, isEmpty, isMember, pathsOf, union } from './field-set.ts';
import { fieldsOf } from './fields.ts';
import { entryOf, type FieldOwner, fieldsV1, give, isSame, unowned } from './managed-fields.ts';
import { itemsOf, shapeOf } from './shape.ts';

/** Another manager owns the field at `field` and has another value for it. */
type ApplyConflict = { manager: string; field: string; message: string };

/**
 * Server-side apply: merges a configuration into the live object (undefined: it is created), takes away what this
 * manager applied before and no longer does, and says where it contradicts other managers. With `force` those fields
 * change owner; without it the caller answers 409 when there are conflicts. Neither argument is changed.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export function serverSideApply(
  live: KubernetesObject | undefined,
  applied: KubernetesObject,
  owner: FieldOwner,
  schema: Schema,
  force: boolean,
): { object: KubernetesObject; conflicts: ApplyConflict[] } {
  const entries = live?.metadata.managedFields ?? [];
  const own = entries.find((entry) => isSame(entry, owner));
  const fields = difference(fieldsOf(applied, schema), unowned);
  const others = entries.filter((entry) => entry !== own);

  const changed = live === undefined ? {} : contested(live, applied, schema);
  const conflicts = others.flatMap((entry) =>
    conflictsWith(entry, intersection(fields, intersection(fieldsV1(entry), changed))),
  );
  const kept = force ? others.map((entry) => give(entry, intersection(fields, changed))) : others;

  let object = mergeApplied(live ?? {}, applied, schema) as KubernetesObject;
  const abandoned = difference(own === undefined ? {} : fieldsV1(own), fields);
  const held = kept.reduce<Fields>((all, entry) => union(all, fieldsV1(entry)), fields);
  object = removeFields(object, removable(abandoned, held), schema) as KubernetesObject;
  const metadata = { ...object.metadata };
  object.metadata = metadata;
  const entry = own && isDeepStrictEqual(own.fieldsV1, fields) ? own : entryOf(owner, fields);
  // An entry that says what it said keeps its place: an apply that changes nothing must not be a write.
  const place = entry === own ? entries.indexOf(own) : kept.length;
  const owned = kept.toSpliced(place, 0, entry).filter((candidate) => !isEmpty(fieldsV1(candidate)));
  if (owned.length > 0) metadata.managedFields = owned;
  else delete metadata.managedFields;
  return { object, conflicts };
}

/** Fields whose value the configuration would change. */
function contested(live: KubernetesObject, applied: KubernetesObject, schema: Schema): Fields {
  const merged = mergeApplied(live, applied, schema) as KubernetesObject;
  const { modified, removed, added } = compareFields(live, merged, schema);
  return union(union(modified, removed), added);
}

function conflictsWith(entry: ManagedFields, fields: Fields): ApplyConflict[] {
  // What was applied names its manager only: versions tell two updates of one client apart.
  const using = entry.operation === 'Update' && entry.apiVersion ? ` using ${entry.apiVersion}` : '';
  const message = `conflict with "${entry.manager}"${entry.subresource ? ` with subresource "${entry.subresource}"` : ''}${using}`;
  return pathsOf(fields).map((field) => ({ manager: entry.manager ?? '', field, message }));
}

/** The live value with everything that is applied; parts are shared, nothing is changed in place. */
function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  const shape = shapeOf(applied, schema);
  if (shape.form === 'struct') {
    const result: Record<string, unknown> = isObject(live) ? { ...live } : {};
    for (const [name, value] of Object.entries(applied as object)) {
      if (value === null) delete result[name];
      else
        setOwn(
          result,
          name,
          mergeApplied(Object.hasOwn(result, name) ? result[name] : undefined, value, shape.field(name)),
        );
    }
    return result;
  }
  if (shape.form !== 'list' || !Array.isArray(live)) return applied;
  const liveShape = shapeOf(live, schema);
  const wanted = itemsOf(applied as unknown[], shape);
  const present = liveShape.form === 'list' ? itemsOf(live, liveShape) : new Map<string, unknown>();
  const merged = [...wanted].map(([element, value]) => ({
    element,
    value: mergeApplied(present.get(element), value, shape.items),
  }));
  const others = [...present].map(([element, value]) => ({ element, value }));
  return weave(others, merged, new Set(present.keys()), new Set(wanted.keys()));
}

type Item = { element: string; value: unknown };

/**
 * The order of the configuration decides among the items it has. What only the live list has stays before the next item
 * of the configuration that it has as well, and so before new ones.
 * Source: sigs.k8s.io/structured-merge-diff, typed/merge.go, visitListItems.
 */
function weave(live: Item[], wanted: Item[], isLive: Set<string>, isWanted: Set<string>): unknown[] {
  const result: unknown[] = [];
  let at = 0;
  for (const { element, value } of wanted) {
    for (; at < live.length && live[at]!.element !== element; at++) {
      if (!isWanted.has(live[at]!.element)) result.push(live[at]!.value);
      else if (!isLive.has(element)) break;
    }
    if (live[at]?.element === element) at++;
    result.push(value);
  }
  const rest = live.slice(at).filter(({ element }) => !isWanted.has(element));
  return [...result, ...rest.map(({ value }) => value)];
}

/** Abandoned fields nobody holds; a container that still holds something of others stays. */
function removable(abandoned: Fields, held: Fields): Fields {
  const result: Fields = {};
  for (const [element, fields] of Object.entries(abandoned)) {
    const other = held[element];
    if (other === undefined) result[element] = fields;
    else if (element !== '.') {
      const inner = removable(fields, other);
      // An item that stays keeps what names it.
      const keys = element.startsWith('k:') ? Object.keys(JSON.parse(element.slice(2))) : [];
      for (const name of ['.', ...keys.map((key) => `f:${key}`)]) delete inner[name];
      if (!isEmpty(inner)) result[element] = { [isMember(other) ? 'held' : 'keep']: {}, ...inner };
    }
  }
  return result;
}

/** `keep` and `held` mark nodes that lose only parts of themselves; a node without a mark goes as a whole. */
function removeFields(value: unknown, fields: Fields, schema: Schema | undefined): unknown {
  const shape = shapeOf(value, schema);
  if (shape.form === 'struct') {
    const result: Record<string, unknown> = { ...(value as object) };
    for (const name of Object.keys(result)) {
      const node = fields[`f:${name}`];
      if (node === undefined) continue;
      const left = removeNode(result[name], node, shape.field(name));
      if (left === undefined) delete result[name];
      else result[name] = left;
    }
    return result;
  }
  if (shape.form !== 'list') return value;
  const left = (value as unknown[]).map((item, index) => {
    const node = fields[shape.elements[index]!];
    return node === undefined ? item : removeNode(item, node, shape.items);
  });
  return left.filter((item) => item !== undefined);
}

/** Undefined when it goes: what was owned as a whole, and a container that nothing is left in and nobody holds. */
function removeNode(value: unknown, node: Fields, schema: Schema | undefined): unknown {
  const whole = isEmpty(node) || ('.' in node && !('keep' in node || 'held' in node));
  if (whole || shapeOf(value, schema).form === 'atomic') return undefined;
  const left = removeFields(value, node, schema);
  return Object.keys(left as object).length === 0 && !('held' in node) ? undefined : left;
}
