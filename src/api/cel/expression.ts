import { type Budget, BudgetError } from './budget.ts';
import { environment } from './environment.ts';
import { type Evaluation, within } from './evaluation.ts';
import { library } from './library.ts';
import { errorLengthMax, expressionLengthMax } from './limits.ts';
import { maskOptionals } from './optional-syntax.ts';
import { rewrite } from './rewrite/rewrite.ts';
import { RewriteError } from './rewrite/walk.ts';

/** An expression that cannot be used; the place is counted from 1. */
export class ExpressionError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

export type Outcome = { value: unknown } | { error: string };

/** Values by name, made when they are first asked for; what is `unknown()` makes an error of whatever needs it. */
export type Bindings = Record<string, unknown>;

export type Expression = {
  source: string;
  /** Throws nothing but what the bindings throw; an evaluation that the budget ends has an error. */
  evaluate(bindings: Bindings, evaluation: Evaluation): Outcome;
};

/**
 * Compiles a CEL expression in which these names have values. `request.` (with the dot) among the names says that all
 * fields of `request` are listed; `Object{}` that objects of this type may be made. Throws ExpressionError.
 */
export function compileExpression(source: string, names: ReadonlySet<string>): Expression {
  if (source.length > expressionLengthMax)
    throw new ExpressionError(`it is longer than ${expressionLengthMax} characters`, 1, expressionLengthMax + 1);
  const { text, optionals } = maskOptionals(source);
  const { parse, plan, isCelError } = library.cel;
  const surroundings = environment();
  try {
    const expr = rewrite(parse(`${text}\n`), surroundings, names, optionals);
    const run = plan(surroundings.env, expr);
    return {
      source,
      evaluate: (bindings, evaluation) =>
        within(evaluation, () => {
          const result = run(bindings as never);
          const error = isCelError(result) ? wordingOf(result.message) : spentIn(evaluation.budget);
          return error === undefined ? { value: result } : { error };
        }),
    };
  } catch (error) {
    throw located(error, source);
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

function wordingOf(message: string): string {
  const text = message
    .replace(/^field not found: /, 'no such key: ')
    .replace(/^found no matching overload for /, 'no such overload: ')
    .replace(/^index (-?\d+) out of bounds.*$/s, 'index out of bounds: $1');
  return text.length > errorLengthMax ? `${text.slice(0, errorLengthMax)}…` : text;
}

function located(error: unknown, source: string): ExpressionError {
  if (error instanceof RewriteError) {
    const lines = source.slice(0, error.offset).split('\n');
    return new ExpressionError(error.message, lines.length, lines.at(-1)!.length + 1);
  }
  const { location } = error as { location?: { start: { line: number; column: number } } };
  if (error instanceof RangeError) return new ExpressionError('it is nested too deeply', 1, 1);
  const { line, column } = location?.start ?? { line: 1, column: 1 };
  if (location === undefined) return new ExpressionError((error as Error).message, line, column);
  const rest = (source.split('\n')[line - 1] ?? '').slice(column - 1);
  const what = rest === '' ? 'the expression ends too early' : `it cannot be read from here on: ${rest.slice(0, 40)}`;
  return new ExpressionError(`Syntax error: ${what}`, line, column);
}
