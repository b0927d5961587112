import { type Budget, BudgetError } from './budget.ts';
import { environment } from './environment.ts';
import { type Evaluation, within } from './evaluation.ts';
import { ExpressionError } from './expression-error.ts';
import { type Expr, library, type Parsed } from './library.ts';
import { expressionLengthMax } from './limits.ts';
import { checkLiterals } from './literals.ts';
import { maskOptionals } from './optional-syntax.ts';
import { reservedWords } from './reserved-words.ts';
import { rewrite } from './rewrite/rewrite.ts';
import { checkTypes, type Scope } from './types/check.ts';
import { placesIn } from './types/place.ts';
import type { Type } from './types/type.ts';
import { wordingOf } from './wording.ts';

export type Outcome = { value: unknown } | { error: string };

/** Values by name, made when they are first asked for; what is `unknown()` makes an error of whatever needs it. */
export type Bindings = Record<string, unknown>;

export type Expression = {
  source: string;
  /** What it evaluates to, as far as that is known without evaluating it. */
  type: Type;
  /** Throws nothing but what the bindings throw; an evaluation that the budget ends has an error. */
  evaluate(bindings: Bindings, evaluation: Evaluation): Outcome;
};

/** Variables whose fields are bound one by one, as `request.name`, and as `request.name?` whether they are there. */
const spread = new Set(['request', 'variables']);

/** Compiles a CEL expression in which these names have values. Throws ExpressionError. */
export function compileExpression(source: string, scope: Scope): Expression {
  return bounded(source, () => {
    const { expr, type } = prepare(source, scope);
    const run = library.cel.plan(environment().env, expr);
    return {
      ...{ source, type },
      evaluate: (bindings, evaluation) =>
        within(evaluation, () => {
          const result = run(bindings as never);
          const error = library.cel.isCelError(result) ? wordingOf(result.message) : spentIn(evaluation.budget);
          return error === undefined ? { value: result } : { error };
        }),
    };
  });
}

/** The type of an expression. Throws ExpressionError. */
export const typeOfExpression = (source: string, scope: Scope): Type =>
  bounded(source, () => prepare(source, scope).type);

/** What exhausts the stack or the steps there are is an error of the expression. */
function bounded<T>(source: string, work: () => T): T {
  const wrong = (message: string) => new ExpressionError(source, [{ offset: 0, message }]);
  if (source.length > expressionLengthMax) throw wrong(`it is longer than ${expressionLengthMax} characters`);
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw wrong(`it is nested too deeply, or its types are too large`);
    throw error;
  }
}

function prepare(source: string, scope: Scope): { expr: Expr; type: Type } {
  const { text, optionals, wrongEscape } = maskOptionals(source);
  if (wrongEscape !== undefined)
    throw new ExpressionError(source, [
      { offset: wrongEscape, message: 'Syntax error: a text with an unknown escape' },
    ]);
  const parsed = parse(source, text);
  const placeOf = placesIn(text, parsed);
  const optionalParts = (expr: Expr) => optionals.get(placeOf(expr));
  const checked = checkTypes(parsed.expr!, scope, optionalParts);
  const problems = checked.problems.length > 0 ? checked.problems : checkLiterals(parsed.expr!);
  if (problems.length > 0)
    throw new ExpressionError(
      source,
      problems.map(({ expr, message }) => ({ offset: placeOf(expr), message })),
    );
  const expr = rewrite(parsed.expr!, {
    ...{ spread, optionalParts, isOptional: (each: Expr) => checked.optionals.has(each) },
    isFunction: (name) => scope.functions.has(name),
  });
  return { expr, type: checked.type };
}

function parse(source: string, text: string): Parsed {
  try {
    return library.cel.parse(`${text}\n`);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const { location } = error as { location?: { start: { offset: number } } };
    const offset = Math.min(location?.start.offset ?? 0, source.length);
    const rest = source.slice(offset).split('\n')[0]!;
    const [word = ''] = /^\w*/.exec(rest)!;
    if (reservedWords.has(word))
      throw new ExpressionError(source, [{ offset, message: `reserved identifier: ${word}` }]);
    const what = rest === '' ? 'the expression ends too early' : `it cannot be read from here on: ${rest.slice(0, 40)}`;
    throw new ExpressionError(source, [{ offset, message: `Syntax error: ${what}` }]);
  }
}

/** An error that says why a value is not known. */
export const unknownValue = (why: string): unknown => library.cel.celError(why);

/** A budget that was spent inside a function must not be hidden by an operator around it. */
function spentIn(budget: Budget): string | undefined {
  try {
    budget.spend(0);
    return undefined;
  } catch (error) {
    if (error instanceof BudgetError) return error.message;
    throw error;
  }
}
