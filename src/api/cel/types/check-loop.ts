import type { Expr } from '../library.ts';
import type { Part } from '../rewrite/tree.ts';
import { type Check, expectType, type Place, within } from './check.ts';
import { bool, dyn, errorType, int, isDynOrError, type Type, typeText } from './type.ts';

/** What `all`, `exists`, `map` and `filter` of one variable have become. */
export function checkLoop(check: Check, expr: Expr, value: Part<'comprehensionExpr'>, place: Place): Type {
  const range = check.down(value.iterRange, place);
  const result = check.down(value.accuInit, place);
  const [item] = itemsOf(check, value.iterRange ?? expr, range, 1);
  const collecting = within(place, { [value.accuVar]: result });
  const inside = within(collecting, { [value.iterVar]: item });
  expectType(check, value.loopCondition!, check.down(value.loopCondition, inside), bool);
  expectType(check, value.loopStep!, check.down(value.loopStep, inside), result);
  return check.unifier.resolve(check.down(value.result, collecting));
}

/** The types of the variables of a loop: one is an item or a key; two are index and item, or key and value. */
export function itemsOf(check: Check, expr: Expr, range: Type, variables: 1 | 2): [Type, Type] {
  const known = check.unifier.resolve(range);
  const [first, second] = known.params as [Type, Type];
  if (known.name === 'list') return variables === 1 ? [first, first] : [int, first];
  if (known.name === 'map') return [first, second];
  if (known.isParameter || isDynOrError(known)) {
    check.unifier.accepts([dyn], [known]);
    return [dyn, dyn];
  }
  const wanted = 'must be list, map, or dynamic';
  check.fail(expr, `expression of type '${typeText(known)}' cannot be range of a comprehension (${wanted})`);
  return [errorType, errorType];
}
