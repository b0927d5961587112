import { typeOfExpression } from '../cel/expression.ts';
import { ExpressionError } from '../cel/expression-error.ts';
import type { Scope } from '../cel/types/check.ts';
import { bool, dyn, isSameType, listOf, nullType, readType, string, type Type } from '../cel/types/type.ts';
import type { MutatingAdmissionPolicySpec, ValidatingAdmissionPolicySpec } from '../schema/types.d.ts';
import { policyScope, type ScopeOptions } from './scope.ts';

export type PolicySpec = ValidatingAdmissionPolicySpec & MutatingAdmissionPolicySpec;

/** Where an expression stands in a policy, what it is, what it must evaluate to and which names it may use. */
export type Place = { field: string; source: string; results: Type[] | 'any'; scope(): Scope };

const object = readType('Object');
const patches = listOf(readType('JSONPatch'));

/**
 * Every expression of a policy. Nothing is compiled before a scope is asked for. `objects` are the types of what is judged,
 * where they are known. Source: k8s.io/apiserver/pkg/admission/plugin/policy/validating/plugin.go.
 */
export function placesOf(spec: PolicySpec, objects: ScopeOptions['objects'] = {}): Place[] {
  const { variables = [] } = spec;
  const hasVariables = spec.mutations !== undefined || variables.length > 0;
  const places: Place[] = [];
  /** `before`: how many variables it may use; undefined where there are none. */
  const add = (field: string, source = '', before?: number, more: Partial<ScopeOptions> = {}, ...results: Type[]) => {
    const scope = () => {
      const known = before === undefined ? undefined : typesOf(before);
      const common = { params: spec.paramKind !== undefined, authorizer: true, patches: false, objects };
      return policyScope({ ...common, variables: known, ...more });
    };
    places.push({ field: `spec.${field}`, source, scope, results: results.length === 0 ? 'any' : results });
  };
  const types: Type[] = [];
  const typesOf = (count: number): Record<string, Type> => {
    for (let index = types.length; index < count; index++) types.push(typeOr(dyn, variablePlaces[index]!));
    return Object.fromEntries(variables.slice(0, count).map(({ name }, index) => [name ?? '', types[index]!]));
  };
  // conditions are asked before anything else is made: they know no variables
  spec.matchConditions?.forEach(({ expression }, index) => {
    add(`matchConditions[${index}].expression`, expression?.trim(), undefined, {}, bool);
  });
  const first = places.length;
  variables.forEach(({ expression }, index) => {
    // only what comes before it: so that no variable needs itself
    add(`variables[${index}].expression`, expression, index);
  });
  const variablePlaces = places.slice(first);
  const all = hasVariables ? variables.length : undefined;
  spec.validations?.forEach(({ expression, messageExpression }, index) => {
    add(`validations[${index}].expression`, expression, all, {}, bool);
    if (messageExpression?.trim())
      add(`validations[${index}].messageExpression`, messageExpression, all, { authorizer: false }, string);
  });
  spec.auditAnnotations?.forEach(({ valueExpression }, index) => {
    add(`auditAnnotations[${index}].valueExpression`, valueExpression?.trim(), all, {}, string, nullType);
  });
  spec.mutations?.forEach(({ patchType, jsonPatch, applyConfiguration }, index) => {
    const field = `mutations[${index}]`;
    const makes = { patches: true };
    if (patchType === 'JSONPatch' && jsonPatch !== undefined)
      add(`${field}.jsonPatch.expression`, jsonPatch.expression?.trim(), all, makes, patches);
    if (patchType === 'ApplyConfiguration' && applyConfiguration !== undefined)
      add(`${field}.applyConfiguration.expression`, applyConfiguration.expression?.trim(), all, makes, object);
  });
  return places;
}

function typeOr(otherwise: Type, { source, scope }: Place): Type {
  try {
    return typeOfExpression(source, scope());
  } catch (error) {
    if (error instanceof ExpressionError) return otherwise;
    throw error;
  }
}

/** What is wrong with an expression, as upstream says it; undefined when nothing is. */
export function problemOf({ source, scope, results }: Place): string | undefined {
  try {
    return resultProblem(typeOfExpression(source, scope()), results);
  } catch (error) {
    if (error instanceof ExpressionError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

/** Why a result of this type cannot stand there; undefined when it can. */
export function resultProblem(type: Type, results: Place['results']): string | undefined {
  if (results === 'any' || results.some((result) => isSameType(result, type))) return undefined;
  const wanted = results.map(runtimeText);
  return wanted.length === 1
    ? `must evaluate to ${wanted[0]} but got ${runtimeText(type)}`
    : `must evaluate to one of [${wanted.join(' ')}] but got ${runtimeText(type)}`;
}

/** Upstream has two words for some types: this is the other one. */
function runtimeText(type: Type): string {
  const names: Record<string, string> = {
    null: 'null_type',
    timestamp: 'google.protobuf.Timestamp',
    duration: 'google.protobuf.Duration',
  };
  const { name, params } = type;
  const own = names[name] ?? name;
  return params.length === 0 ? own : `${own}(${params.map(runtimeText).join(', ')})`;
}
