import { compileExpression, type Expression, ExpressionError } from '../cel/expression.ts';
import type { MatchResources, ParamKind, ValidatingAdmissionPolicy, Validation } from '../schema/types.d.ts';
import { requestNames } from './request.ts';

export type CompiledPolicy = {
  name: string;
  failurePolicy: 'Fail' | 'Ignore';
  matchConstraints: MatchResources | undefined;
  paramKind: ParamKind | undefined;
  matchConditions: { name: string; expression: Expression }[];
  variables: { name: string; expression: Expression }[];
  validations: { rule: Validation; expression: Expression; message: Expression | undefined }[];
  auditAnnotations: { key: string; expression: Expression }[];
};

/** Where an expression stands in a policy, what it is, and which names it may use. */
type Place = { field: string; source: string; names: ReadonlySet<string> };

/** Conditions are asked before anything else is made: they know no variables. */
const conditionNames = (hasParams: boolean): Set<string> =>
  new Set([...requestNames, ...(hasParams ? ['params'] : [])]);

/** Every expression of a policy. Source: k8s.io/apiserver/pkg/admission/plugin/policy/validating/plugin.go. */
export function expressionsOf({ spec = {} }: ValidatingAdmissionPolicy): Place[] {
  const names = conditionNames(spec.paramKind !== undefined);
  const places: Place[] = [];
  const add = (field: string, source: string | undefined, known: ReadonlySet<string>) =>
    places.push({ field: `spec.${field}`, source: source ?? '', names: known });
  spec.matchConditions?.forEach(({ expression }, index) => {
    add(`matchConditions[${index}].expression`, expression, names);
  });
  const inside = new Set([...names, 'variables.']);
  spec.variables?.forEach(({ name, expression }, index) => {
    // only what comes before it: so that no variable needs itself
    add(`variables[${index}].expression`, expression, new Set(inside));
    inside.add(`variables.${name}`);
  });
  spec.validations?.forEach(({ expression, messageExpression }, index) => {
    add(`validations[${index}].expression`, expression, inside);
    // a message may not depend on who has which rights
    const quiet = new Set([...inside].filter((name) => name !== 'authorizer'));
    if (messageExpression) add(`validations[${index}].messageExpression`, messageExpression, quiet);
  });
  spec.auditAnnotations?.forEach(({ valueExpression }, index) => {
    add(`auditAnnotations[${index}].valueExpression`, valueExpression, inside);
  });
  return places;
}

/**
 * Prepares a policy; each expression is compiled when it is first evaluated: most policies never match. One that cannot be
 * (it was stored before a rule was made) is an error whenever it is evaluated, so that the failurePolicy decides.
 */
export function compilePolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const { metadata, spec = {} } = policy;
  const compiled = new Map(
    expressionsOf(policy).map(({ field, source, names }) => [field, compiledLater(source, names)]),
  );
  const at = (field: string): Expression => compiled.get(`spec.${field}`)!;
  return {
    name: metadata.name,
    failurePolicy: spec.failurePolicy === 'Ignore' ? 'Ignore' : 'Fail',
    matchConstraints: spec.matchConstraints,
    paramKind: spec.paramKind,
    matchConditions: (spec.matchConditions ?? []).map(({ name }, index) => ({
      ...{ name, expression: at(`matchConditions[${index}].expression`) },
    })),
    variables: (spec.variables ?? []).map(({ name }, index) => ({
      ...{ name, expression: at(`variables[${index}].expression`) },
    })),
    validations: (spec.validations ?? []).map((rule, index) => ({
      ...{ rule, expression: at(`validations[${index}].expression`) },
      message: compiled.get(`spec.validations[${index}].messageExpression`),
    })),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ key }, index) => ({
      ...{ key, expression: at(`auditAnnotations[${index}].valueExpression`) },
    })),
  };
}

function compiledLater(source: string, names: ReadonlySet<string>): Expression {
  let compiled: Expression | undefined;
  return {
    source,
    evaluate(bindings, evaluation) {
      compiled ??= compileOrFail(source, names);
      return compiled.evaluate(bindings, evaluation);
    },
  };
}

function compileOrFail(source: string, names: ReadonlySet<string>): Expression {
  try {
    return compileExpression(source, names);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const outcome = { error: `compilation failed: ${locatedMessage(error)}` };
    return { source, evaluate: () => outcome };
  }
}

/** As upstream's compiler words it: `ERROR: <input>:1:8: …`. */
export const locatedMessage = ({ line, column, message }: ExpressionError): string =>
  `ERROR: <input>:${line}:${column}: ${message}`;
