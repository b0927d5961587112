import { isDeepStrictEqual } from 'node:util';
import { deepFreeze } from '../../foundation/json.ts';
import type { KubernetesObject, ManagedFields } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { compareFields } from './compare.ts';
import { difference, type Fields, inOrder, isEmpty, union } from './field-set.ts';
import { fieldsOf } from './fields.ts';

/** Who writes: one entry of managedFields is kept per manager, operation, version and subresource. */
export type FieldOwner = {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource?: string;
  /** RFC 3339, as metav1.Time. */
  time: string;
};

/** Identity and bookkeeping belong to nobody. */
export const unowned: Fields = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': Object.fromEntries(
    ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields']
      .concat(['selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds'])
      .map((name) => [`f:${name}`, {}]),
  ),
};

/**
 * Ownership after an ordinary write (create, update, any other patch): the writer owns what it changed or added, and
 * nobody owns what is gone. Returns the new managedFields.
 */
export function updateManagedFields(
  old: KubernetesObject | undefined,
  object: KubernetesObject,
  owner: FieldOwner,
  schema: Schema,
): ManagedFields[] {
  if (old === undefined) {
    const created = ownedIn(fieldsOf(object, schema));
    return isEmpty(created) ? [] : [entryOf(owner, created)];
  }
  const entries = old.metadata.managedFields ?? [];
  const { added, modified, removed } = compareFields(old, object, schema);
  const taken = difference(union(added, modified), unowned);
  const lost = union(taken, removed);
  if (isEmpty(lost)) return entries;
  const own = entries.find((entry) => isSame(entry, owner));
  const fields = difference(own === undefined ? taken : union(fieldsV1(own), taken), removed);
  const unchanged = own !== undefined && isDeepStrictEqual(fieldsV1(own), fields);
  const others = entries.filter((entry) => entry !== own).map((entry) => give(entry, lost));
  return collapse([...others, unchanged ? own : entryOf(owner, fields)].filter((entry) => !isEmpty(fieldsV1(entry))));
}

const owned = new WeakMap<Fields, Fields>();
/** What somebody can own of the fields of a whole object; shared as they are. */
function ownedIn(fields: Fields): Fields {
  let result = owned.get(fields);
  if (result === undefined) {
    result = deepFreeze(difference(fields, unowned));
    owned.set(fields, result);
  }
  return result;
}

/** As upstream: at most ten entries of updates; the oldest beyond are merged into one. */
const updateEntriesMost = 10;
function collapse(entries: ManagedFields[]): ManagedFields[] {
  const updates = entries.filter((entry) => entry.operation === 'Update' && !entry.subresource);
  if (updates.length <= updateEntriesMost) return entries;
  const ancient = updates.slice(0, updates.length - updateEntriesMost + 1);
  const merged: ManagedFields = {
    ...ancient.at(-1)!,
    manager: 'ancient-changes',
    fieldsV1: inOrder(ancient.reduce<Fields>((all, entry) => union(all, fieldsV1(entry)), {})),
  };
  return [merged, ...entries.filter((entry) => !ancient.includes(entry))];
}

export const fieldsV1 = (entry: ManagedFields): Fields => (entry.fieldsV1 ?? {}) as Fields;

export const isSame = (entry: ManagedFields, owner: FieldOwner) =>
  entry.manager === owner.manager &&
  entry.operation === owner.operation &&
  (entry.subresource ?? '') === (owner.subresource ?? '') &&
  (owner.operation === 'Apply' || entry.apiVersion === owner.apiVersion);

export function entryOf({ subresource, ...owner }: FieldOwner, fields: Fields): ManagedFields {
  return { ...owner, fieldsType: 'FieldsV1', fieldsV1: inOrder(fields), ...(subresource ? { subresource } : {}) };
}

/** The entry without these fields; the same object when it had none of them. */
export function give(entry: ManagedFields, fields: Fields): ManagedFields {
  const rest = difference(fieldsV1(entry), fields);
  return isDeepStrictEqual(rest, entry.fieldsV1) ? entry : { ...entry, fieldsV1: rest };
}
