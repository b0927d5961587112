import type { Environment } from '../environment.ts';
import type { Expr, Parsed } from '../library.ts';
import { expressionDepthMax } from '../limits.ts';
import { invoke } from './invoke.ts';
import { loop } from './loop.ts';
import { select } from './select.ts';
import { type Part, text } from './tree.ts';
import { type Place, RewriteError, type Walk } from './walk.ts';

/**
 * Checks an expression as far as it can be without types (every name and function exists, patterns compile), meters its
 * loops and makes functions of optional syntax. `optionals` are offsets of dots and brackets
 * that a question mark followed. Throws RewriteError.
 */
export function rewrite(
  { expr, sourceInfo }: Parsed,
  environment: Environment,
  names: ReadonlySet<string>,
  optionals: ReadonlySet<number>,
): Expr {
  const offsetOf = ({ id }: Expr) => sourceInfo?.positions[String(id)] ?? 0;
  const walk: Walk = {
    environment,
    names,
    isOptional: (each) => optionals.has(offsetOf(each)),
    fail: (each, message) => {
      throw new RewriteError(message, offsetOf(each));
    },
    down: (each, { local, depth }) => visit(walk, each!, { local, depth: depth + 1 }),
  };
  return visit(walk, expr!, { local: new Set(), depth: 0 });
}

const typeNames = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type']);

function visit(walk: Walk, expr: Expr, place: Place): Expr {
  if (place.depth > expressionDepthMax) walk.fail(expr, `it is nested deeper than ${expressionDepthMax} levels`);
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'identExpr':
      checkName(walk, expr, exprKind.value.name, place);
      return expr;
    case 'constExpr':
      checkRange(walk, expr, exprKind.value.constantKind);
      return expr;
    case 'selectExpr':
      return select(walk, expr, exprKind.value, place);
    case 'callExpr':
      return invoke(walk, expr, exprKind.value, place);
    case 'comprehensionExpr':
      return loop(walk, expr, exprKind.value, place);
    case 'listExpr': {
      if (walk.isOptional(expr)) walk.fail(expr, 'not supported: optional items of a list');
      const elements = exprKind.value.elements.map((item) => walk.down(item, place));
      return { ...expr, exprKind: { case: 'listExpr', value: { ...exprKind.value, elements } } };
    }
    case 'structExpr':
      return map(walk, expr, exprKind.value, place);
    default:
      return walk.fail(expr, 'invalid expression');
  }
}

function checkName({ names, fail }: Walk, expr: Expr, name: string, { local }: Place): void {
  if (local.has(name) || typeNames.has(name)) return;
  if (!names.has(name)) fail(expr, `undeclared reference to '${name}'`);
}

function checkRange({ fail }: Walk, expr: Expr, { case: kind, value }: Part<'constExpr'>['constantKind']): void {
  const isOutside =
    (kind === 'int64Value' && BigInt.asIntN(64, value) !== value) ||
    (kind === 'uint64Value' && BigInt.asUintN(64, value) !== value);
  if (isOutside) fail(expr, 'invalid literal: out of range');
}

/** A map, or an object of a type that the names allow: then a map as well, by the names of its fields. */
function map(walk: Walk, expr: Expr, value: Part<'structExpr'>, place: Place): Expr {
  const { messageName } = value;
  const [type] = messageName.split('.');
  if (messageName !== '' && !walk.names.has(`${type}{}`))
    walk.fail(expr, `not supported: an object of the type '${messageName}'`);
  const entries = value.entries.map((entry) => {
    const { keyKind } = entry;
    const key = keyKind.case === 'fieldKey' ? text(expr, keyKind.value) : walk.down(keyKind.value, place);
    return { ...entry, keyKind: { case: 'mapKey' as const, value: key }, value: walk.down(entry.value, place) };
  });
  return { ...expr, exprKind: { case: 'structExpr', value: { ...value, messageName: '', entries } } };
}
