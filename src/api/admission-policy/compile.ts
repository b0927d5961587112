import { compileExpression, type Expression } from '../cel/expression.ts';
import { ExpressionError } from '../cel/expression-error.ts';
import { dyn } from '../cel/types/type.ts';
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy, Validation } from '../schema/types.d.ts';
import type { Policy } from './candidates.ts';
import { type Place, type PolicySpec, placesOf, resultProblem } from './expressions.ts';

export type CompiledPolicy = Policy & {
  validations: { rule: Validation; expression: Expression; message: Expression | undefined }[];
  auditAnnotations: { key: string; expression: Expression }[];
};

export type CompiledMutation = Policy & {
  mutations: { patchType: 'ApplyConfiguration' | 'JSONPatch'; expression: Expression }[];
  reinvoked: boolean;
};

/**
 * Prepares a policy; each expression is compiled when it is first evaluated: most policies never match. One that cannot be
 * (it was stored before a rule was made) is an error whenever it is evaluated, so that the failurePolicy decides.
 */
export function compilePolicy({ metadata, spec = {} }: ValidatingAdmissionPolicy): CompiledPolicy {
  const at = expressionsAt(spec);
  return {
    ...common(metadata.name, spec, at),
    validations: (spec.validations ?? []).map((rule, index) => ({
      ...{ rule, expression: at(`validations[${index}].expression`) },
      message: rule.messageExpression?.trim() ? at(`validations[${index}].messageExpression`) : undefined,
    })),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ key }, index) => ({
      ...{ key, expression: at(`auditAnnotations[${index}].valueExpression`) },
    })),
  };
}

/** As `compilePolicy`. */
export function compileMutation({ metadata, spec = {} }: MutatingAdmissionPolicy): CompiledMutation {
  const at = expressionsAt(spec);
  return {
    ...common(metadata.name, spec, at),
    mutations: (spec.mutations ?? []).map(({ patchType }, index) =>
      patchType === 'JSONPatch'
        ? { patchType, expression: at(`mutations[${index}].jsonPatch.expression`) }
        : { patchType: 'ApplyConfiguration', expression: at(`mutations[${index}].applyConfiguration.expression`) },
    ),
    reinvoked: spec.reinvocationPolicy === 'IfNeeded',
  };
}

type At = (field: string) => Expression;

function expressionsAt(spec: PolicySpec): At {
  const compiled = new Map(placesOf(spec).map((place) => [place.field, compiledLater(place)]));
  return (field) => compiled.get(`spec.${field}`) ?? failing('', `spec.${field} is missing`);
}

const common = (name: string, spec: PolicySpec, at: At): Policy => ({
  name,
  failurePolicy: spec.failurePolicy === 'Ignore' ? 'Ignore' : 'Fail',
  matchConstraints: spec.matchConstraints,
  paramKind: spec.paramKind,
  matchConditions: (spec.matchConditions ?? []).map((each, index) => ({
    ...{ name: each.name, expression: at(`matchConditions[${index}].expression`) },
  })),
  variables: (spec.variables ?? []).map((each, index) => ({
    ...{ name: each.name, expression: at(`variables[${index}].expression`) },
  })),
});

function compiledLater(place: Place): Expression {
  let compiled: Expression | undefined;
  return {
    ...{ source: place.source, type: dyn },
    evaluate(bindings, evaluation) {
      compiled ??= compileOrFail(place);
      return compiled.evaluate(bindings, evaluation);
    },
  };
}

function compileOrFail({ source, scope, results }: Place): Expression {
  try {
    const compiled = compileExpression(source, scope());
    const wrong = resultProblem(compiled.type, results);
    return wrong === undefined ? compiled : failing(source, wrong);
  } catch (error) {
    if (error instanceof ExpressionError) return failing(source, `compilation failed: ${error.message}`);
    throw error;
  }
}

const failing = (source: string, error: string): Expression => ({ source, type: dyn, evaluate: () => ({ error }) });
