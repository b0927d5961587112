import type { Expr } from '../library.ts';
import { call, ident, nameOf, type Part, text } from './tree.ts';
import type { Place, Walk } from './walk.ts';

/** `a.b`, `a.?b`, `has(a.b)`. What is selected from an optional is optional, too. */
export function select(walk: Walk, expr: Expr, value: Part<'selectExpr'>, place: Place): Expr {
  const operand = value.operand!;
  const { field, testOnly } = value;
  const isOptional = walk.isOptional(expr);
  const spread = spreadName(walk, operand, place);
  if (spread !== undefined && !isOptional) return ident(expr, `${spread}.${field}${testOnly ? '?' : ''}`);
  const name = nameOf(expr);
  // a type, and what has a dot in its name: `google.protobuf.Timestamp`, `authorizer.requestResource`
  if (name !== undefined && !place.local.has(name.split('.')[0]!) && /^(google|authorizer)\./.test(name))
    return ident(expr, name);
  const inner = walk.down(operand, place);
  if (!isOptional) return { ...expr, exprKind: { case: 'selectExpr', value: { ...value, operand: inner } } };
  const got = call(expr, '@optional_get', [inner, text(expr, field)]);
  return testOnly ? call(expr, 'hasValue', [], got) : got;
}

function spreadName({ spread }: Walk, { exprKind }: Expr, { local }: Place): string | undefined {
  if (exprKind.case !== 'identExpr') return undefined;
  const { name } = exprKind.value;
  return !local.has(name) && spread.has(name) ? name : undefined;
}
