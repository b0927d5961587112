import type { Evaluation } from '../cel/evaluation.ts';
import { type Expression, unknownValue } from '../cel/expression.ts';
import type { Activation } from './activation.ts';

/** The variables of a policy: each evaluated when it is first asked for, and once. */
export function withVariables(
  outer: Activation,
  variables: { name: string; expression: Expression }[],
  evaluation: Evaluation,
): Activation {
  const { touched } = outer;
  const bindings = Object.create(outer.bindings);
  for (const { name, expression } of variables) {
    let known: { value: unknown; needs: string[] } | undefined;
    const get = () => {
      if (known === undefined) {
        // two of one name: the last one counts, also for itself
        known = { value: unknownValue(`variable '${name}' needs itself`), needs: [] };
        known = evaluate();
      }
      for (const need of known.needs) touched.add(need);
      return known.value;
    };
    const evaluate = () => {
      const before = new Set(touched);
      touched.clear();
      const outcome = expression.evaluate(bindings, evaluation);
      const needs = 'error' in outcome ? [...touched] : [];
      touched.clear();
      for (const need of before) touched.add(need);
      return {
        value:
          'value' in outcome
            ? outcome.value
            : unknownValue(`composited variable "${name}" fails to evaluate: ${outcome.error}`),
        needs,
      };
    };
    Object.defineProperty(bindings, `variables.${name}`, { get, configurable: true });
    Object.defineProperty(bindings, `variables.${name}?`, { value: true, configurable: true });
  }
  return { bindings, touched };
}
