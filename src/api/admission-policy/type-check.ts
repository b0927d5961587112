import { typeOfExpression } from '../cel/expression.ts';
import { ExpressionError } from '../cel/expression-error.ts';
import type { Type } from '../cel/types/type.ts';
import { apiVersionOf } from '../kind.ts';
import type { Schema } from '../schema/schema.ts';
import type { ExpressionWarning, ParamKind, ValidatingAdmissionPolicy } from '../schema/types.d.ts';
import { placesOf } from './expressions.ts';
import { typeOfSchema } from './schema-type.ts';

/** What a policy may be about: a kind and the form of its objects. */
export type TypedKind = { group: string; version: string; kind: string; resource: string; schema: Schema };

/** Kinds that a policy is held against, as upstream. */
export const checkedKindsMax = 10;

/**
 * What is wrong with the expressions of a policy for the kinds it names, as its status shows it: expressions that are right
 * for one kind may be wrong for another. Rules with wildcards say nothing. Conditions and annotations are not looked at.
 * Source: k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go.
 */
export function typeWarnings(
  { spec = {} }: ValidatingAdmissionPolicy,
  kinds: readonly TypedKind[],
): ExpressionWarning[] {
  const named = namedKinds(spec.matchConstraints?.resourceRules ?? [], kinds);
  const params = spec.paramKind && kinds.find((kind) => isParamKind(kind, spec.paramKind!));
  const found = new Map<string, string[]>();
  for (const kind of named) {
    const object = rootType(kind);
    const objects = { object, ...(params === undefined ? {} : { params: rootType(params) }) };
    for (const { field, source, scope } of placesOf(spec, objects)) {
      if (!field.startsWith('spec.validations[')) continue;
      const problem = problemOf(() => typeOfExpression(source, scope()));
      if (problem === undefined) continue;
      const text = `${kind.group}/${kind.version}, Kind=${kind.kind}: ${problem}\n`;
      found.set(field, [...(found.get(field) ?? []), text]);
    }
  }
  return [...found].map(([fieldRef, texts]) => ({ fieldRef, warning: texts.join('\n') }));
}

const rootType = ({ schema, kind }: TypedKind): Type => typeOfSchema(schema, kind);

function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
}

type Rule = { apiGroups?: string[]; apiVersions?: string[]; resources?: string[] };

/** Every kind that a rule names without a wildcard, in the order of group, version and kind. */
function namedKinds(rules: Rule[], kinds: readonly TypedKind[]): TypedKind[] {
  const isNamed = (
    { apiGroups = [], apiVersions = [], resources = [] }: Rule,
    { group, version, resource }: TypedKind,
  ) =>
    !apiGroups.includes('*') &&
    !apiVersions.includes('*') &&
    apiGroups.includes(group) &&
    apiVersions.includes(version) &&
    resources.includes(resource);
  const key = ({ group, version, kind }: TypedKind) => `${group}\0${version}\0${kind}`;
  return kinds
    .filter((kind) => rules.some((rule) => isNamed(rule, kind)))
    .sort((one, other) => (key(one) < key(other) ? -1 : 1))
    .slice(0, checkedKindsMax);
}

const isParamKind = (kind: TypedKind, wanted: ParamKind): boolean =>
  wanted.kind === kind.kind && wanted.apiVersion === apiVersionOf(kind);
