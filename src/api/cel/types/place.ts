import type { Expr, Parsed } from '../library.ts';

/** Where expressions stand in their source, as upstream says it: a call at its bracket, an operator at itself. */
export function placesIn(source: string, { sourceInfo }: Parsed): (expr: Expr) => number {
  const raw = ({ id }: Expr) => sourceInfo?.positions[String(id)] ?? 0;
  const next = (form: RegExp, from: number) => {
    form.lastIndex = from;
    const found = form.exec(source);
    return found === null ? from : form.lastIndex - 1;
  };
  return (expr) => {
    const at = raw(expr);
    const { case: kind, value } = expr.exprKind;
    if (kind === 'structExpr' && value.messageName !== '') return next(/[\w.\s]*\{/y, at);
    if (kind === 'comprehensionExpr' || (kind === 'selectExpr' && value.testOnly)) return next(/\.?\s*\w+\s*\(/y, at);
    if (kind !== 'callExpr') return at;
    // what a macro has made stands where the macro does
    if (source[at] === '.') return next(/\.?\s*\w+\s*\(/y, at);
    if (value.function === '_?_:_') return before('?', leftmost(value.args[1]!, raw), source);
    // the library counts the space before an operator to it
    return next(/^\w+$/.test(value.function) ? /\.?\s*\w+\s*\(/y : /\s*\S/y, at);
  };
}

/** Where the expression begins, but for brackets around it. */
function leftmost(expr: Expr, raw: (expr: Expr) => number): number {
  const { case: kind, value } = expr.exprKind;
  const at = raw(expr);
  const below =
    kind === 'callExpr'
      ? (value.target ?? value.args[0])
      : kind === 'selectExpr'
        ? value.operand
        : kind === 'comprehensionExpr'
          ? value.iterRange
          : undefined;
  return below === undefined ? at : Math.min(at, leftmost(below, raw));
}

function before(character: string, from: number, source: string): number {
  const found = source.lastIndexOf(character, from);
  return found < 0 ? from : found;
}
