import { copyJson, equalJson, isObject } from '../../foundation/json.ts';
import { kinds } from '../api.ts';
import type { Budget } from '../cel/budget.ts';
import { library } from '../cel/library.ts';
import { jsonOf, typeNameOf } from '../cel/values.ts';
import type { Kind } from '../kind.ts';
import { jsonPatch, serverSideApply } from '../merge/merge.ts';
import type { KubernetesObject } from '../object.ts';
import { decodeFields } from '../schema/decode.ts';
import type { Schema } from '../schema/schema.ts';
import { mutatedLengthMax } from './limits.ts';

const charactersPerUnit = 16;

/**
 * The object changed as the result of an expression says, with defaults; the same one when that changes nothing. Throws an
 * Error. Source: k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch.
 */
export function applyResult(
  object: KubernetesObject,
  result: unknown,
  patchType: string,
  /** Undefined of what has a kind of its own, a Scale. */
  kind: Kind | undefined,
  budget: Budget,
): KubernetesObject {
  const made =
    patchType === 'JSONPatch' ? patched(object, result, budget) : merged(object, result, kind?.schema ?? {}, budget);
  if (made === object) return object;
  const { length } = JSON.stringify(made);
  budget.spend(length / charactersPerUnit);
  if (length > mutatedLengthMax) throw new Error(`the object would have more than ${mutatedLengthMax} characters`);
  checkKept(object, made);
  if (kind !== undefined && kinds.includes(kind)) {
    const { unknown, mismatch } = decodeFields(kind.schema, made);
    if (mismatch !== undefined) throw new Error(`json: ${mismatch}`);
    if (unknown.length > 0) throw new Error(`strict decoding error: unknown field "${unknown[0]}"`);
  }
  kind?.defaults(made);
  return equalJson(object, made) ? object : made;
}

/** What is the name of an object, or is written by the system alone. */
const kept = [
  ...(['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation'] as const),
  ...(['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields'] as const),
];

function checkKept({ apiVersion, kind, metadata }: KubernetesObject, made: KubernetesObject): void {
  const changed = kept.find((field) => !equalJson(metadata[field], made.metadata?.[field]));
  if (made.apiVersion !== apiVersion || made.kind !== kind) throw new Error('apiVersion and kind may not be changed');
  if (changed !== undefined) throw new Error(`metadata.${changed} may not be changed`);
}

/** A patch whose test fails changes nothing, and is no error. */
function patched(object: KubernetesObject, result: unknown, budget: Budget): KubernetesObject {
  const operations = jsonOf(result, budget);
  if (!Array.isArray(operations)) throw new Error('type mismatch: JSONPatchType.Patch wants a list of JSONPatch');
  let made = copyJson(object);
  for (const operation of operations) {
    const { op, path = '', ...rest } = { ...operation };
    if (op === 'test' && !passes(made, { op, path, ...rest })) return object;
    if (op === 'test') continue;
    const value = op === 'add' || op === 'replace' ? { value: null, ...rest } : rest;
    made = patchedBy(made, { op, path, ...value });
  }
  return made;
}

function patchedBy(object: KubernetesObject, operation: object): KubernetesObject {
  try {
    return jsonPatch(object, [operation]);
  } catch (error) {
    throw new Error(`JSON Patch: ${(error as Error).message}`, { cause: error });
  }
}

function passes(object: KubernetesObject, test: object): boolean {
  try {
    jsonPatch(object, [test]);
    return true;
  } catch {
    return false;
  }
}

/** Merged as server-side apply does, but for who owns what: the object belongs to who sends it. */
function merged(object: KubernetesObject, result: unknown, schema: Schema, budget: Budget): KubernetesObject {
  if (typeNameOf(result) === undefined) {
    const type = result === null ? 'null_type' : library.cel.celType(result as never).name;
    throw new Error(`unsupported return type from ApplyConfiguration expression: ${type}`);
  }
  checkTypeNames(result, 'Object');
  const value = jsonOf(result, budget) as Record<string, any>;
  const wrong = problemIn(value, schema, '');
  if (wrong !== undefined) throw new Error(`error applying patch: ${wrong}`);
  const { apiVersion, kind, metadata } = object;
  const configuration = { ...value, apiVersion, kind, metadata: { name: metadata.name, ...value['metadata'] } };
  const owner = { manager: 'policy', operation: 'Apply' as const, apiVersion, time: '' };
  const { object: made } = serverSideApply(object, configuration, owner, schema, true);
  const { managedFields: _, ...rest } = made.metadata;
  const { managedFields } = metadata;
  return copyJson({ ...made, metadata: { ...rest, ...(managedFields === undefined ? {} : { managedFields }) } });
}

/** Types of objects are named by the fields they stand in: `Object.spec.template`. */
function checkTypeNames(value: unknown, path: string): void {
  const { isCelList, isCelMap } = library.cel;
  const name = typeNameOf(value);
  if (name !== undefined && name !== path)
    throw new Error(
      `type mismatch: unexpected type name "${name}", expected "${path}", which matches field name path from root Object type`,
    );
  if (isCelList(value)) for (const item of value) checkTypeNames(item, path);
  else if (isCelMap(value))
    for (const [key, field] of value) checkTypeNames(field, name === undefined ? path : `${path}.${key}`);
}

/** As upstream: lists and maps that do not merge, nulls and fields that nobody knows are refused in an apply configuration. */
function problemIn(value: unknown, schema: Schema | undefined, path: string): string | undefined {
  const cannot = 'failed to convert patch object to typed object';
  if (value === null) return `${cannot}: ${path}: null`;
  if (Array.isArray(value)) {
    const type = schema?.['x-kubernetes-list-type'] ?? 'atomic';
    if (type === 'atomic') return `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${path}`;
    return first(value.map((item, index) => problemIn(item, schema?.items, `${path}[${index}]`)));
  }
  if (!isObject(value)) return undefined;
  if (schema?.['x-kubernetes-map-type'] === 'atomic')
    return `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${path}`;
  const { properties = {}, additionalProperties: other } = schema ?? {};
  const isOpen =
    other !== undefined || schema?.properties === undefined || schema['x-kubernetes-preserve-unknown-fields'];
  return first(
    Object.entries(value).map(([key, field]) => {
      const isKnown = Object.hasOwn(properties, key);
      if (!isKnown && !isOpen) return `${cannot}: ${path}.${key}: field not declared in schema`;
      return problemIn(
        field,
        isKnown ? properties[key] : typeof other === 'object' ? other : undefined,
        `${path}.${key}`,
      );
    }),
  );
}

const first = (problems: (string | undefined)[]) => problems.find((problem) => problem !== undefined);
