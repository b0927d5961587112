import type { Expr } from '../library.ts';

/** What an expression of this case is made of. */
export type Part<C extends Expr['exprKind']['case']> = Extract<Expr['exprKind'], { case: C }>['value'];

/** The variable that a macro collects its result in; it cannot be written. */
export const accumulator = '@result';

/** New expressions take the place of another in the source: errors point there. */
export const call = (like: Expr, name: string, args: Expr[], target?: Expr): Expr => ({
  ...like,
  exprKind: {
    case: 'callExpr',
    value: { $typeName: 'cel.expr.Expr.Call', function: name, args, target } as unknown as Part<'callExpr'>,
  },
});

export const ident = (like: Expr, name: string): Expr => ({
  ...like,
  exprKind: { case: 'identExpr', value: { $typeName: 'cel.expr.Expr.Ident', name } },
});

export const text = (like: Expr, value: string): Expr => constant(like, { case: 'stringValue', value });
export const truth = (like: Expr, value = true): Expr => constant(like, { case: 'boolValue', value });

const constant = (like: Expr, constantKind: Part<'constExpr'>['constantKind']): Expr => ({
  ...like,
  exprKind: { case: 'constExpr', value: { $typeName: 'cel.expr.Constant', constantKind } as Part<'constExpr'> },
});

/** `a.b.c` of nothing but names. */
export function nameOf({ exprKind }: Expr): string | undefined {
  if (exprKind.case === 'identExpr') return exprKind.value.name;
  if (exprKind.case !== 'selectExpr' || exprKind.value.testOnly) return undefined;
  const outer = nameOf(exprKind.value.operand!);
  return outer === undefined ? undefined : `${outer}.${exprKind.value.field}`;
}

export const list = (like: Expr, elements: Expr[]): Expr => ({
  ...like,
  exprKind: { case: 'listExpr', value: { $typeName: 'cel.expr.Expr.CreateList', elements, optionalIndices: [] } },
});

export const count = (like: Expr, value: bigint): Expr => constant(like, { case: 'int64Value', value });
