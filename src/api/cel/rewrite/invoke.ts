import type { Expr } from '../library.ts';
import { isMacro } from '../types/check-macro.ts';
import { macro } from './macro.ts';
import { call, nameOf, type Part } from './tree.ts';
import type { Place, Walk } from './walk.ts';

/** A call of a function, a method or an operator. */
export function invoke(walk: Walk, expr: Expr, value: Part<'callExpr'>, place: Place): Expr {
  const { function: name, target, args } = value;
  if (isMacro(value)) return macro(walk, expr, value, place);
  const inner = args.map((arg) => walk.down(arg, place));
  if (walk.isOptional(expr)) return call(expr, '@optional_get', inner);
  if (name === '_[_]') return call(expr, '@index', inner);
  const space = target === undefined ? undefined : nameOf(target);
  // `sets.contains(a, b)` is a function with a dot in its name
  if (space !== undefined && walk.isFunction(`${space}.${name}`)) return call(expr, `${space}.${name}`, inner);
  return call(expr, name, inner, target === undefined ? undefined : walk.down(target, place));
}
