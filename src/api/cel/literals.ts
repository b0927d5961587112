import type { Expr } from './library.ts';
import { patternOf } from './patterns.ts';
import type { Problem } from './types/check.ts';

const isPattern = (text: string): string | undefined => {
  try {
    patternOf(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

const validators: Record<string, (text: string) => string | undefined> = {
  matches: (text) => isPattern(text)?.replace(/^error parsing.*/s, 'invalid matches argument'),
  find: isPattern,
  findAll: isPattern,
  duration: (text) =>
    /^[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$|^[-+]?0$/.test(text)
      ? undefined
      : 'invalid duration argument',
  timestamp: (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text))
      ? undefined
      : 'invalid timestamp argument',
};

/** Texts that are written into an expression, and are no pattern, duration or time where one must stand. */
export function checkLiterals(expr: Expr): Problem[] {
  const problems: Problem[] = [];
  const visit = (each: Expr | undefined): void => {
    if (each === undefined) return;
    if (each.exprKind.case === 'callExpr') {
      const { function: name, args } = each.exprKind.value;
      const arg = args[each.exprKind.value.target === undefined ? args.length - 1 : 0];
      const text = arg === undefined ? undefined : textIn(arg);
      const wrong = text !== undefined && Object.hasOwn(validators, name) ? validators[name]!(text) : undefined;
      if (name === 'duration' && arg !== undefined && isNumber(arg))
        problems.push({ expr: arg, message: 'invalid duration argument' });
      if (wrong !== undefined) problems.push({ expr: arg!, message: wrong });
    }
    for (const part of partsOf(each)) visit(part);
  };
  visit(expr);
  return problems;
}

/** A duration of a number is one of nanoseconds to the compiler, and nothing to its evaluation. */
const isNumber = ({ exprKind }: Expr): boolean =>
  exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'int64Value';

function textIn({ exprKind }: Expr): string | undefined {
  if (exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}

function partsOf({ exprKind: { case: kind, value } }: Expr): (Expr | undefined)[] {
  switch (kind) {
    case 'callExpr':
      return [value.target, ...value.args];
    case 'selectExpr':
      return [value.operand];
    case 'listExpr':
      return value.elements;
    case 'structExpr':
      return value.entries.flatMap(({ keyKind, value: made }) => [
        keyKind.case === 'mapKey' ? keyKind.value : undefined,
        made,
      ]);
    case 'comprehensionExpr':
      return [value.iterRange, value.loopStep];
    default:
      return [];
  }
}
