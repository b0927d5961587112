import { readFormat, wrongType } from '../format-syntax.ts';
import type { Expr } from '../library.ts';
import type { Part } from '../rewrite/tree.ts';
import type { Check } from './check.ts';
import { isDynOrError } from './type.ts';

/** A text to write values into and a list of them that are both written out: they must fit. */
export function checkFormat(check: Check, expr: Expr, { target, args: [list] }: Part<'callExpr'>): void {
  const text = target?.exprKind.case === 'constExpr' ? target.exprKind.value.constantKind : undefined;
  if (text?.case !== 'stringValue' || list?.exprKind.case !== 'listExpr') return;
  const { elements } = list.exprKind.value;
  try {
    let used = 0;
    for (const part of readFormat(text.value)) {
      if (typeof part === 'string') continue;
      const item = elements[used++];
      if (item === undefined) throw new Error(`index ${used - 1} out of range`);
      const type = check.unifier.resolve(check.typeOf(item));
      const wrong = isDynOrError(type) || type.isParameter ? undefined : wrongType(part, type.name);
      if (wrong !== undefined) {
        check.fail(item, wrong);
        return;
      }
    }
    if (used < elements.length)
      throw new Error(`too many arguments supplied to string.format (expected ${used}, got ${elements.length})`);
  } catch (error) {
    check.fail(expr, (error as Error).message);
  }
}
