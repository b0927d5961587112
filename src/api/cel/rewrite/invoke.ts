import type { Expr } from '../library.ts';
import { patternOf } from '../patterns.ts';
import { optionalMap } from './loop.ts';
import { isOptionalChain } from './select.ts';
import { call, nameOf, type Part } from './tree.ts';
import type { Place, Walk } from './walk.ts';

/** Operators that are no functions. */
const operators = new Set(['_[_]', '_?_:_', '_&&_', '_||_', '@not_strictly_false']);
/** Macros that Kubernetes has and the parser has not expanded: of two variables, and `bind`. */
const macros = new Set(['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter', 'bind']);
macros.add('transformList').add('transformMap').add('transformMapEntry');

/** A call of a function, a method or an operator: it must exist. */
export function invoke(walk: Walk, expr: Expr, value: Part<'callExpr'>, place: Place): Expr {
  const { function: name, target, args } = value;
  const { environment, fail, down } = walk;
  if (name === 'optMap' || name === 'optFlatMap') return optionalMap(walk, expr, value, place);
  const inner = () => args.map((arg) => down(arg, place));
  if (isOptionalChain(walk, expr)) return call(expr, '@optional_get', inner());
  const space = target === undefined ? undefined : nameOf(target);
  const fullName = space === undefined ? name : `${space}.${name}`;
  // `sets.contains(a, b)` is a function with a dot in its name
  const isQualified = space !== undefined && !place.local.has(space) && environment.hasFunction(fullName);
  if (!isQualified && !operators.has(name) && !environment.hasFunction(name))
    fail(expr, macros.has(name) ? `not supported: '${fullName}'` : `undeclared reference to '${name}'`);
  if (name === 'matches') checkPattern(walk, args.at(-1));
  return call(expr, name, inner(), isQualified || target === undefined ? target : down(target, place));
}

function checkPattern({ fail }: Walk, pattern: Expr | undefined): void {
  if (pattern?.exprKind.case !== 'constExpr') return;
  const { constantKind } = pattern.exprKind.value;
  if (constantKind.case !== 'stringValue') return;
  try {
    patternOf(constantKind.value);
  } catch (error) {
    fail(pattern, (error as Error).message);
  }
}
