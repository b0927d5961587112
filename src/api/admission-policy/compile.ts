import { compileExpression, type Expression, ExpressionError } from '../cel/expression.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicySpec,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
} from '../schema/types.d.ts';
import type { Policy } from './candidates.ts';
import { requestNames } from './request.ts';

export type CompiledPolicy = Policy & {
  validations: { rule: Validation; expression: Expression; message: Expression | undefined }[];
  auditAnnotations: { key: string; expression: Expression }[];
};

export type CompiledMutation = Policy & {
  mutations: { patchType: 'ApplyConfiguration' | 'JSONPatch'; expression: Expression }[];
  reinvoked: boolean;
};

/** Where an expression stands in a policy, what it is, and which names it may use. */
type Place = { field: string; source: string; names: ReadonlySet<string> };
type Spec = ValidatingAdmissionPolicySpec & MutatingAdmissionPolicySpec;

/** Every expression of a policy. Source: k8s.io/apiserver/pkg/admission/plugin/policy/validating/plugin.go. */
export function expressionsOf(spec: Spec): Place[] {
  // conditions are asked before anything else is made: they know no variables
  const names = new Set([...requestNames, ...(spec.paramKind === undefined ? [] : ['params'])]);
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
  spec.mutations?.forEach(({ patchType, jsonPatch, applyConfiguration }, index) => {
    const makes = new Set([...inside, 'Object{}']);
    if (patchType === 'JSONPatch')
      add(`mutations[${index}].jsonPatch.expression`, jsonPatch?.expression, makes.add('JSONPatch{}'));
    else add(`mutations[${index}].applyConfiguration.expression`, applyConfiguration?.expression, makes);
  });
  return places;
}

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
      message: rule.messageExpression ? at(`validations[${index}].messageExpression`) : undefined,
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

function expressionsAt(spec: Spec): At {
  const compiled = new Map(
    expressionsOf(spec).map(({ field, source, names }) => [field, compiledLater(source, names)]),
  );
  return (field) => compiled.get(`spec.${field}`)!;
}

const common = (name: string, spec: Spec, at: At): Policy => ({
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
