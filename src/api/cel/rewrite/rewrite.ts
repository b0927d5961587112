import type { Expr } from '../library.ts';
import { invoke } from './invoke.ts';
import { loop } from './loop.ts';
import { select } from './select.ts';
import { call, list, type Part, text } from './tree.ts';
import type { Place, Walk } from './walk.ts';

/**
 * Makes of an expression that was checked one that the library evaluates: every turn of a loop is paid for, macros that
 * it does not know are loops, and what has to do with optionals is functions.
 */
export function rewrite(expr: Expr, known: Omit<Walk, 'down'>): Expr {
  const walk: Walk = { ...known, down: (each, place) => visit(walk, each!, place) };
  return visit(walk, expr, { local: new Map() });
}

function visit(walk: Walk, expr: Expr, place: Place): Expr {
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'identExpr':
      return place.local.get(exprKind.value.name)?.(expr) ?? expr;
    case 'selectExpr':
      return select(walk, expr, exprKind.value, place);
    case 'callExpr':
      return invoke(walk, expr, exprKind.value, place);
    case 'comprehensionExpr':
      return loop(walk, expr, exprKind.value, place);
    case 'listExpr':
      return items(walk, expr, exprKind.value, place);
    case 'structExpr':
      return map(walk, expr, exprKind.value, place);
    default:
      return expr;
  }
}

/** A list; one with optional items is put together of lists of one item or none. */
function items(walk: Walk, expr: Expr, { elements }: Part<'listExpr'>, place: Place): Expr {
  const optional = walk.optionalParts(expr);
  const made = elements.map((item) => walk.down(item, place));
  if (optional === undefined) return list(expr, made);
  const parts = made.map((item, index) =>
    optional.has(index) ? call(expr, '@optional_items', [item]) : list(expr, [item]),
  );
  return call(expr, '@concat', [list(expr, parts)]);
}

/** A map, or an object: then a map as well, by the names of its fields, that remembers its type. */
function map(walk: Walk, expr: Expr, value: Part<'structExpr'>, place: Place): Expr {
  const { messageName } = value;
  const optional = walk.optionalParts(expr);
  const entries = value.entries.map((entry) => {
    const { keyKind } = entry;
    const key = keyKind.case === 'fieldKey' ? text(expr, keyKind.value) : walk.down(keyKind.value, place);
    return { ...entry, keyKind: { case: 'mapKey' as const, value: key }, value: walk.down(entry.value, place) };
  });
  const plain: Expr = { ...expr, exprKind: { case: 'structExpr', value: { ...value, messageName: '', entries } } };
  const parts = entries.map(({ keyKind, value: made }, index) =>
    list(expr, [keyKind.value, optional?.has(index) ? call(expr, '@optional_items', [made]) : list(expr, [made])]),
  );
  const isSure = optional === undefined && hasDistinctKeys(value.entries);
  const made = isSure ? plain : call(expr, '@entries', [list(expr, parts)]);
  return messageName === '' ? made : call(expr, '@object', [text(expr, messageName), made]);
}

/** The library refuses a map with a key twice; of two alike the last one counts. */
function hasDistinctKeys(entries: Part<'structExpr'>['entries']): boolean {
  if (entries.length < 2) return true;
  const keys = entries.map(({ keyKind }) => {
    if (keyKind.case === 'fieldKey') return keyKind.value;
    const { exprKind } = keyKind.value!;
    return exprKind.case === 'constExpr' ? String(exprKind.value.constantKind.value) : undefined;
  });
  return !keys.includes(undefined) && new Set(keys).size === keys.length;
}
