import type { ManagedFields } from '../../api/object.ts';
import { isObject } from '../../foundation/json.ts';
import type { Manifest } from '../contract.ts';

/** An object of the cluster's may be this deep and hold this many values: no real one is near. */
const depthMax = 100;
const valuesMax = 1_000_000;
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** What comes from an API server is no object that may be judged. */
export class UnfitObject extends Error {}

/**
 * An object of a list as a snapshot keeps it, and how many values it has. `managedFields` shrink to the clients that
 * wrote in another API version (that is what tells of old clients), and kubectl's copy of the last manifest, which
 * could hold a Secret's values, becomes one of them. Changes the object. Throws UnfitObject for what is none.
 */
export function trimObject(item: any, apiVersion: string, kind: string): { object: Manifest; values: number } {
  const { metadata } = item ?? {};
  const wrong = whyUnfit(metadata);
  if (wrong !== undefined) throw new UnfitObject(`an item of the list of ${kind} has ${wrong}`);
  if (item.kind !== undefined && item.kind !== kind && item.kind !== 'PartialObjectMetadata')
    throw new UnfitObject(`an item of the list of ${kind} is of kind ${String(item.kind).slice(0, 100)}`);
  const writers = otherWriters(metadata, apiVersion);
  delete metadata.managedFields;
  if (metadata.annotations) delete metadata.annotations[lastApplied];
  if (writers.length > 0) metadata.managedFields = writers;
  return { object: { ...item, apiVersion, kind }, values: countValues(item, kind) };
}

/** What every judgement takes for granted. */
function whyUnfit(metadata: unknown): string | undefined {
  if (!isObject(metadata)) return 'no metadata';
  const { name, namespace = '', uid = '', labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  if (![name, namespace, uid].every((text) => typeof text === 'string')) return 'no name, or one that is no text';
  if (!isObject(labels) || !isObject(annotations)) return 'labels or annotations that are none';
  if (![...Object.values(labels), ...Object.values(annotations)].every((text) => typeof text === 'string'))
    return 'a label or an annotation that is no text';
  return Array.isArray(ownerReferences) && ownerReferences.every(isObject) ? undefined : 'owners that are none';
}

function otherWriters({ managedFields, annotations }: any, current: string): ManagedFields[] {
  const writers: ManagedFields[] = [];
  const add = (manager: unknown, apiVersion: unknown, time?: unknown) => {
    if (typeof apiVersion !== 'string' || apiVersion === current) return;
    if (writers.some((known) => known.manager === manager && known.apiVersion === apiVersion)) return;
    writers.push({ manager: String(manager ?? ''), apiVersion, ...(typeof time === 'string' ? { time } : {}) });
  };
  if (Array.isArray(managedFields))
    for (const entry of managedFields) add(entry?.manager, entry?.apiVersion, entry?.time);
  // The text begins with its apiVersion: keys are sorted. It is not parsed, it may be of any size.
  const written = annotations?.[lastApplied];
  if (typeof written === 'string') add('kubectl-client-side-apply', /^\{"apiVersion":"([^"]+)"/.exec(written)?.[1]);
  return writers;
}

/** Also the bound on depth: checks may walk an object without one of their own. */
function countValues(object: unknown, kind: string): number {
  let count = 0;
  const visit = (value: unknown, depth: number) => {
    if (++count > valuesMax) throw new UnfitObject(`an item of the list of ${kind} has more than ${valuesMax} values`);
    if (typeof value !== 'object' || value === null) return;
    if (depth > depthMax) throw new UnfitObject(`an item of the list of ${kind} is nested more than ${depthMax} deep`);
    for (const inner of Array.isArray(value) ? value : Object.values(value)) visit(inner, depth + 1);
  };
  visit(object, 0);
  return count;
}
