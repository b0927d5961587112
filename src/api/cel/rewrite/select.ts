import type { Expr } from '../library.ts';
import { call, nameOf, type Part, text, truth } from './tree.ts';
import type { Place, Walk } from './walk.ts';

/** `a.b`, `a.?b`, `has(a.b)`. What is selected from an optional is optional, too. */
export function select(walk: Walk, expr: Expr, value: Part<'selectExpr'>, place: Place): Expr {
  const operand = value.operand!;
  const isOptional = walk.isOptional(expr);
  const known = knownField(walk, operand, value.field, place);
  if (known !== undefined && !isOptional) {
    if (!walk.names.has(known)) walk.fail(expr, `undefined field '${value.field}'`);
    return value.testOnly ? truth(expr) : expr;
  }
  // a type: `google.protobuf.Timestamp`
  if (/^google(\.|$)/.test(nameOf(operand) ?? '')) return expr;
  const inner = walk.down(operand, place);
  if (!isOptional && !isOptionalChain(walk, operand))
    return { ...expr, exprKind: { case: 'selectExpr', value: { ...value, operand: inner } } };
  // the mask put an underscore where the question mark was
  const key = text(expr, isOptional ? value.field.slice(1) : value.field);
  const got = call(expr, '@optional_get', [inner, key]);
  return value.testOnly ? call(expr, 'hasValue', [], got) : got;
}

/** `request.userInfo`: a field of a variable whose fields are all known. */
function knownField({ names }: Walk, operand: Expr, field: string, { local }: Place): string | undefined {
  if (operand.exprKind.case !== 'identExpr') return undefined;
  const { name } = operand.exprKind.value;
  return !local.has(name) && names.has(`${name}.`) ? `${name}.${field}` : undefined;
}

export function isOptionalChain(walk: Walk, expr: Expr): boolean {
  const { case: kind, value } = expr.exprKind;
  if (kind === 'selectExpr') return walk.isOptional(expr) || isOptionalChain(walk, value.operand!);
  if (kind !== 'callExpr' || value.function !== '_[_]') return false;
  return walk.isOptional(expr) || isOptionalChain(walk, value.args[0]!);
}
