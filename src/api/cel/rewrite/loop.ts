import type { Expr } from '../library.ts';
import { accumulator, call, ident, type Part, truth } from './tree.ts';
import { type Place, type Walk, within } from './walk.ts';

/** A name that cannot be written: one that a macro makes hides what is called the same around it. */
export const hidden = (name: string): string => `@@${name}`;

/** What `all`, `exists`, `map` and `filter` have become: every turn is paid for. */
export function loop(walk: Walk, expr: Expr, value: Part<'comprehensionExpr'>, place: Place): Expr {
  const iterVar = hidden(value.iterVar);
  const body = within(place, { [value.iterVar]: (like) => ident(like, iterVar) });
  const makesList = value.accuInit!.exprKind.case === 'listExpr';
  return comprehension(expr, {
    ...{ ...value, iterVar },
    iterRange: call(expr, '@range', [walk.down(value.iterRange, place)]),
    accuInit: makesList ? call(expr, '@list', []) : value.accuInit!,
    loopCondition: call(expr, '@turn', [walk.down(value.loopCondition, body)]),
    loopStep: walk.down(makesList ? appending(value.loopStep!) : value.loopStep, body),
    result: value.result!,
  });
}

const comprehension = (like: Expr, value: Part<'comprehensionExpr'>): Expr => ({
  ...{ ...like, exprKind: { case: 'comprehensionExpr', value } },
});

/** `@result + [x]` copies the list on every turn; nobody else holds it yet, so x is appended instead. */
function appending(step: Expr): Expr {
  if (step.exprKind.case !== 'callExpr') return step;
  const { function: name, args } = step.exprKind.value;
  const [first, second, third] = args as [Expr, Expr, Expr];
  if (name === '_?_:_') return call(step, name, [first, appending(second), third]);
  return second?.exprKind.case === 'listExpr'
    ? call(step, '@append', [first, second.exprKind.value.elements[0]!])
    : step;
}

/** A loop that a macro is made of; its parts are given the accumulator. */
type Loop = {
  iterVar: string;
  range: Expr;
  init: Expr;
  condition?(result: Expr): Expr;
  step(result: Expr): Expr;
};

export function loopOf(like: Expr, { iterVar, range, init, condition, step }: Loop): Expr {
  const result = ident(like, accumulator);
  return comprehension(like, {
    ...{ $typeName: 'cel.expr.Expr.Comprehension', iterVar, iterVar2: '', accuVar: accumulator, result },
    ...{ iterRange: range, accuInit: init, loopStep: step(result) },
    loopCondition: call(like, '@turn', [condition?.(result) ?? truth(like)]),
  });
}
