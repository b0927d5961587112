import type { Expr } from '../library.ts';
import { nameOf, type Part } from '../rewrite/tree.ts';
import { type Check, type Place, typeOfName } from './check.ts';
import { bool, dyn, insideOf, isDynOrError, optionalOf, type Type, typeText } from './type.ts';

/** `a.b`, `a.?b`, `has(a.b)`. What is selected from an optional is optional, too. */
export function checkSelect(check: Check, expr: Expr, value: Part<'selectExpr'>, place: Place): Type {
  const isMarked = check.optionalParts(expr).has(0);
  const name = isMarked ? undefined : nameOf(expr);
  const named = name === undefined ? undefined : typeOfName(check, name, place);
  if (named !== undefined) return named;
  const operand = check.unifier.resolve(check.down(value.operand, place));
  const inner = insideOf(operand);
  const found = fieldOf(check, expr, inner ?? operand, value.field);
  const isPlain = !isMarked && inner === undefined;
  if (!isPlain || check.isNoted(value.operand)) check.noteOptional(expr);
  if (isPlain) return value.testOnly ? bool : found;
  return value.testOnly ? bool : optionalOf(found);
}

function fieldOf(check: Check, expr: Expr, target: Type, field: string): Type {
  if (target.name === 'map') return target.params[1]!;
  if (target.fields !== undefined) return target.fields.get(field) ?? check.fail(expr, `undefined field '${field}'`);
  if (target.isParameter) check.unifier.accepts([dyn], [target]);
  else if (target.name.startsWith('kubernetes.')) check.fail(expr, `unexpected failed resolution of '${target.name}'`);
  else if (!isDynOrError(target) && check.scope.objectType?.(target.name) === undefined)
    check.fail(expr, `type '${typeText(target)}' does not support field selection`);
  return dyn;
}
