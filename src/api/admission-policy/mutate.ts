import { copyJson, equalJson, isObject } from '../../foundation/json.ts';
import type { Budget } from '../cel/budget.ts';
import { jsonOf } from '../cel/values.ts';
import { jsonPatch, serverSideApply } from '../merge/merge.ts';
import type { KubernetesObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import type { MutatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { type Bound, candidates, conditionsOf, errorOf, type Run, type Surroundings } from './candidates.ts';
import type { CompiledMutation } from './compile.ts';
import { mutatedLengthMax } from './limits.ts';
import type { PolicyRequest } from './request.ts';

export type BoundMutation = Bound<CompiledMutation, MutatingAdmissionPolicyBinding>;
export type Mutated = { object: KubernetesObject } | { policy: string; binding: string; error: string };
type Request = PolicyRequest & { object: KubernetesObject };
type Step = { object: KubernetesObject } | { error: string };

const charactersPerUnit = 16;

/**
 * The object as every bound policy that matches wants it, one after the other; those that ask for it see it once more
 * when others changed it after them. Pure: `request.object` is left as it is. An error of a policy that must not fail ends it.
 * Source: k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go.
 */
export function mutateByPolicies(bound: BoundMutation[], request: Request, surroundings: Surroundings): Mutated {
  let { object } = request;
  const seen = new Map<BoundMutation, KubernetesObject>();
  for (const round of [bound, bound.filter(({ policy }) => policy.reinvoked)])
    for (const each of round) {
      if (seen.get(each) === object) continue;
      const mutated = mutateBy(each, { ...request, object }, surroundings);
      if ('error' in mutated) return mutated;
      object = mutated.object;
      seen.set(each, object);
    }
  return { object };
}

function mutateBy(each: BoundMutation, request: Request, surroundings: Surroundings): Mutated {
  const { policy, binding } = each;
  let { object } = request;
  for (const candidate of candidates(each, request, surroundings)) {
    const made =
      'error' in candidate ? candidate : steps(policy, candidate.on, { ...request, object }, surroundings.budget);
    if ('object' in made) object = made.object;
    else if (policy.failurePolicy === 'Fail')
      return { policy: policy.name, binding: binding.metadata.name, error: made.error };
  }
  return { object };
}

/** Each mutation sees what those before it made. */
function steps(policy: CompiledMutation, on: (request: PolicyRequest) => Run, request: Request, budget: Budget): Step {
  let { object } = request;
  const conditions = conditionsOf(policy, on(request));
  if (conditions === false) return { object };
  if (conditions !== true)
    return { error: 'error' in conditions ? conditions.error : 'it depends on something unknown' };
  for (const mutation of policy.mutations) {
    const ran = on({ ...request, object })(mutation.expression);
    if ('error' in ran) return { error: errorOf(mutation.expression, ran) };
    try {
      object = apply(object, jsonOf(ran.value, budget), mutation.patchType, request.kind.schema, budget);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { error: errorOf(mutation.expression, { error: error.message, dependsOn: [] }) };
    }
  }
  return { object };
}

/** The object changed as the result of an expression says; the same one when that changes nothing. Throws an Error. */
function apply(
  object: KubernetesObject,
  value: unknown,
  patchType: string,
  schema: Schema,
  budget: Budget,
): KubernetesObject {
  const made = patchType === 'JSONPatch' ? jsonPatch(copyJson(object), value) : merged(object, value, schema);
  const { length } = JSON.stringify(made);
  budget.spend(length / charactersPerUnit);
  if (length > mutatedLengthMax) throw new Error(`the object would have more than ${mutatedLengthMax} characters`);
  const { apiVersion, kind, metadata } = object;
  const changed = kept.find((field) => !equalJson(metadata[field], made.metadata?.[field]));
  if (made.apiVersion !== apiVersion || made.kind !== kind) throw new Error('apiVersion and kind may not be changed');
  if (changed !== undefined) throw new Error(`metadata.${changed} may not be changed`);
  return equalJson(object, made) ? object : made;
}

/** What is the name of an object, or is written by the system alone. */
const kept = [
  ...(['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation'] as const),
  ...(['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields'] as const),
];

/** Merged as server-side apply does, but for who owns what: the object belongs to who sends it. */
function merged(object: KubernetesObject, value: unknown, schema: Schema): KubernetesObject {
  if (!isObject(value)) throw new Error('an apply configuration is an Object');
  const atomic = atomicIn(value, schema, '');
  if (atomic !== undefined) throw new Error(`${atomic} can only be replaced as a whole: use a JSONPatch`);
  const { apiVersion, kind, metadata } = object;
  const configuration = { ...value, apiVersion, kind, metadata: { ...value['metadata'], name: metadata.name } };
  const owner = { manager: 'policy', operation: 'Apply' as const, apiVersion, time: '' };
  const { object: made } = serverSideApply(object, configuration, owner, schema, true);
  const { managedFields: _, ...rest } = made.metadata;
  const { managedFields } = metadata;
  return { ...made, metadata: { ...rest, ...(managedFields === undefined ? {} : { managedFields }) } };
}

/** As upstream: lists and maps that do not merge are refused in an apply configuration. */
function atomicIn(value: unknown, schema: Schema | undefined, path: string): string | undefined {
  if (Array.isArray(value)) {
    const type = schema?.['x-kubernetes-list-type'] ?? 'atomic';
    if (type === 'atomic') return path;
    return first(value.map((item) => atomicIn(item, schema?.items, path)));
  }
  if (!isObject(value)) return undefined;
  if (schema?.['x-kubernetes-map-type'] === 'atomic') return path;
  const { properties = {}, additionalProperties: other } = schema ?? {};
  const inside = (key: string) =>
    Object.hasOwn(properties, key) ? properties[key] : typeof other === 'object' ? other : undefined;
  return first(Object.entries(value).map(([key, field]) => atomicIn(field, inside(key), `${path}.${key}`)));
}

const first = (paths: (string | undefined)[]) => paths.find((path) => path !== undefined);
