import type { Expr } from '../library.ts';
import { variablesOf } from '../types/check-macro.ts';
import { hidden, loopOf } from './loop.ts';
import { call, count, ident, list, type Part, truth } from './tree.ts';
import { type Place, type Walk, within } from './walk.ts';

type Call = Part<'callExpr'>;

/** A macro that the parser does not know, as loops. The check has seen that its variables are names. */
export function macro(walk: Walk, expr: Expr, value: Call, place: Place): Expr {
  const range = walk.down(value.target, place);
  const names = variablesOf(value)!;
  return names.length === 2
    ? ofTwo(walk, expr, value, range, place)
    : value.function === 'sortBy'
      ? sortBy(walk, expr, value, range, place)
      : optionalMap(walk, expr, value, range, place);
}

/** `a.optMap(x, f)` is a loop over the one value of `a`, or none. */
function optionalMap(walk: Walk, expr: Expr, { function: name, args }: Call, range: Expr, place: Place): Expr {
  const made = mapped(walk, expr, args, call(expr, '@optional_items', [range]), place, (step) => step);
  return call(expr, name === 'optMap' ? '@optional_map' : '@optional_flat', [made]);
}

/** `list.sortBy(x, key)` makes pairs of key and item, and sorts those. */
function sortBy(walk: Walk, expr: Expr, { args }: Call, range: Expr, place: Place): Expr {
  const paired = call(expr, '@range', [range]);
  const made = mapped(walk, expr, args, paired, place, (key, item) => list(expr, [key, item]));
  return call(expr, '@sort_pairs', [made]);
}

function mapped(
  walk: Walk,
  expr: Expr,
  [variable, step]: Expr[],
  range: Expr,
  place: Place,
  make: (step: Expr, item: Expr) => Expr,
): Expr {
  const name = variable!.exprKind.case === 'identExpr' ? variable!.exprKind.value.name : '';
  const iterVar = hidden(name);
  const body = walk.down(step, within(place, { [name]: (like) => ident(like, iterVar) }));
  return loopOf(expr, {
    ...{ iterVar, range, init: call(expr, '@list', []) },
    step: (result) => call(expr, '@append', [result, make(body, ident(expr, iterVar))]),
  });
}

/** Macros of two variables go over pairs: index and item, or key and value. */
function ofTwo(walk: Walk, expr: Expr, value: Call, range: Expr, place: Place): Expr {
  const { function: name, args } = value;
  const [first, second] = variablesOf(value) as [string, string];
  const iterVar = hidden(`${first},${second}`);
  const part = (function_: string) => (like: Expr) => call(like, function_, [ident(like, iterVar)]);
  const inside = within(place, { [first]: part('@key'), [second]: part('@value') });
  const step = walk.down(args.at(-1), inside);
  const filter = args.length === 4 ? walk.down(args[2], inside) : undefined;
  const pairs = call(expr, '@pairs', [range]);
  const kept = (result: Expr, made: Expr) =>
    filter === undefined ? made : call(expr, '_?_:_', [filter, made, result]);
  const over = { iterVar, range: pairs };
  switch (name) {
    case 'all':
      return loopOf(expr, {
        ...{ ...over, init: truth(expr) },
        condition: (result) => call(expr, '@not_strictly_false', [result]),
        step: (result) => call(expr, '_&&_', [result, step]),
      });
    case 'exists':
      return loopOf(expr, {
        ...{ ...over, init: truth(expr, false) },
        condition: (result) => call(expr, '@not_strictly_false', [call(expr, '!_', [result])]),
        step: (result) => call(expr, '_||_', [result, step]),
      });
    case 'existsOne':
    case 'exists_one': {
      const counted = loopOf(expr, {
        ...{ ...over, init: count(expr, 0n) },
        step: (result) => call(expr, '_?_:_', [step, call(expr, '_+_', [result, count(expr, 1n)]), result]),
      });
      return call(expr, '_==_', [counted, count(expr, 1n)]);
    }
    case 'transformList':
      return loopOf(expr, {
        ...{ ...over, init: call(expr, '@list', []) },
        step: (result) => kept(result, call(expr, '@append', [result, step])),
      });
    default: {
      const put = (result: Expr) =>
        name === 'transformMap'
          ? call(expr, '@put', [result, part('@key')(expr), step])
          : call(expr, '@put_all', [result, step]);
      return loopOf(expr, { ...over, init: call(expr, '@map', []), step: (result) => kept(result, put(result)) });
    }
  }
}
