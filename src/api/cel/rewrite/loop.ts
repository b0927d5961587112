import type { Expr } from '../library.ts';
import { accumulator, call, ident, type Part, truth } from './tree.ts';
import { type Place, type Walk, within } from './walk.ts';

/** What `all`, `exists`, `map` and `filter` have become: every turn is paid for. */
export function loop(walk: Walk, expr: Expr, value: Part<'comprehensionExpr'>, place: Place): Expr {
  checkVariable(walk, expr, value.iterVar);
  const body = within(place, value.iterVar, accumulator);
  const makesList = value.accuInit!.exprKind.case === 'listExpr';
  return comprehension(expr, {
    ...value,
    iterRange: call(expr, '@range', [walk.down(value.iterRange, place)]),
    accuInit: makesList ? call(expr, '@list', []) : value.accuInit!,
    loopCondition: call(expr, '@turn', [walk.down(value.loopCondition, body)]),
    loopStep: walk.down(makesList ? appending(value.loopStep!) : value.loopStep, body),
    result: walk.down(value.result, body),
  });
}

const comprehension = (like: Expr, value: Part<'comprehensionExpr'>): Expr => ({
  ...{ ...like, exprKind: { case: 'comprehensionExpr', value } },
});

/** Fields of a variable are found by their full name: one of the same name inside a loop would not hide them. */
function checkVariable({ names, fail }: Walk, expr: Expr, name: string): void {
  if (names.has(name)) fail(expr, `'${name}' names something else already`);
}

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

/** `a.optMap(x, f)` is a loop over the one value of `a`, or none. */
export function optionalMap(walk: Walk, expr: Expr, value: Part<'callExpr'>, place: Place): Expr {
  const { function: name, target, args } = value;
  const [variable, step] = args;
  if (variable?.exprKind.case !== 'identExpr' || step === undefined || target === undefined)
    return walk.fail(expr, `${name} takes a name and an expression`);
  const { name: iterVar } = variable.exprKind.value;
  checkVariable(walk, variable, iterVar);
  const result = ident(expr, accumulator);
  const made = comprehension(expr, {
    ...{ $typeName: 'cel.expr.Expr.Comprehension', iterVar, iterVar2: '', accuVar: accumulator, result },
    iterRange: call(expr, '@optional_items', [walk.down(target, place)]),
    accuInit: call(expr, '@list', []),
    loopCondition: call(expr, '@turn', [truth(expr)]),
    loopStep: call(expr, '@append', [result, walk.down(step, within(place, iterVar))]),
  });
  return call(expr, name === 'optMap' ? '@optional_map' : '@optional_flat', [made]);
}
