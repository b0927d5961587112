import type { Expr } from '../library.ts';
import type { Part } from '../rewrite/tree.ts';
import { type Check, expectType, mismatch, type Place, within } from './check.ts';
import { itemsOf } from './check-loop.ts';
import { ordered } from './signatures.ts';
import { bool, dyn, insideOf, int, isDynOrError, listOf, mapOf, optionalOf, type Type, typeText } from './type.ts';

type Call = Part<'callExpr'>;

/** Macros that the parser leaves as they are written, with how many arguments they have and how many are names. */
const macros: Record<string, { args: number[]; names: 1 | 2 }> = {
  all: { args: [3], names: 2 },
  exists: { args: [3], names: 2 },
  existsOne: { args: [3], names: 2 },
  exists_one: { args: [3], names: 2 },
  transformList: { args: [3, 4], names: 2 },
  transformMap: { args: [3, 4], names: 2 },
  transformMapEntry: { args: [3, 4], names: 2 },
  optMap: { args: [2], names: 1 },
  optFlatMap: { args: [2], names: 1 },
  sortBy: { args: [2], names: 1 },
};
/** What the parser makes loops of, unless their first argument is no name. */
const parsed: Record<string, number[]> = { all: [2], exists: [2], exists_one: [2], map: [2, 3], filter: [2] };

/** How upstream says that a variable is no simple name, where it says it otherwise. */
const wordings: Record<string, string> = {
  map: 'argument is not an identifier',
  filter: 'argument is not an identifier',
  sortBy: 'argument is not an identifier',
  optMap: 'optMap() variable name must be a simple identifier',
  optFlatMap: 'optFlatMap() variable name must be a simple identifier',
};

export const isMacro = ({ function: name, target, args }: Call): boolean =>
  target === undefined
    ? name === 'has' && args.length === 1
    : (Object.hasOwn(macros, name) && macros[name]!.args.includes(args.length)) ||
      (Object.hasOwn(parsed, name) && parsed[name]!.includes(args.length));

/** The names that a macro gives to its variables; undefined when one is no simple name. */
export function variablesOf({ function: name, args }: Call): string[] | undefined {
  const names = args
    .slice(0, Object.hasOwn(macros, name) ? macros[name]!.names : 1)
    .map(({ exprKind }) => (exprKind.case === 'identExpr' ? exprKind.value.name : undefined));
  return names.includes(undefined) ? undefined : (names as string[]);
}

export function checkMacro(check: Check, expr: Expr, call: Call, place: Place): Type {
  const { function: name, target, args } = call;
  if (name === 'has') return check.fail(args[0]!, 'invalid argument to has() macro');
  const names = variablesOf(call);
  const wrong = args.find(({ exprKind }) => exprKind.case !== 'identExpr');
  if (names === undefined) return check.fail(wrong!, wordings[name] ?? 'argument must be a simple name');
  if (names.length === 2 && names[0] === names[1]) return check.fail(args[1]!, `duplicate variable name: ${names[0]}`);
  const whole = check.down(target, place);
  if (name === 'optMap' || name === 'optFlatMap') return checkOptionalMap(check, expr, call, whole, place);
  const items = itemsOf(check, target!, whole, names.length as 1 | 2);
  const inside = within(place, Object.fromEntries(names.map((each, index) => [each, items[index]!])));
  return checkTurn(check, expr, call, check.unifier.resolve(whole), inside);
}

/** What every turn of a loop is asked, and what becomes of all answers. */
function checkTurn(check: Check, expr: Expr, { function: name, args }: Call, range: Type, inside: Place): Type {
  const step = args.at(-1)!;
  if (args.length === 4) expectType(check, args[2]!, check.down(args[2], inside), bool);
  const type = check.down(step, inside);
  switch (name) {
    case 'transformList':
      return listOf(type);
    case 'transformMap':
      return mapOf(keyOf(range), type);
    case 'transformMapEntry': {
      const known = check.unifier.resolve(type);
      return isDynOrError(known) || known.name === 'map' ? known : mismatch(check, step, mapOf(dyn, dyn), known);
    }
    case 'sortBy':
      return checkOrder(check, expr, range, type);
    default:
      expectType(check, step, type, bool);
      return bool;
  }
}

/** Keys to sort by must have an order. */
function checkOrder({ unifier, fail }: Check, expr: Expr, range: Type, key: Type): Type {
  const known = unifier.resolve(key);
  if (isDynOrError(known) || known.isParameter || ordered.split(' ').includes(known.name)) return range;
  const texts = [range, listOf(known)].map(typeText);
  return fail(expr, `found no matching overload for '@sortByAssociatedKeys' applied to '${texts[0]}.(${texts[1]})'`);
}

const keyOf = ({ name, params }: Type): Type => (name === 'list' ? int : name === 'map' ? params[0]! : dyn);

function checkOptionalMap(check: Check, expr: Expr, { function: name, args }: Call, whole: Type, place: Place): Type {
  const known = check.unifier.resolve(whole);
  const inner = insideOf(known) ?? (isDynOrError(known) ? dyn : undefined);
  if (inner === undefined)
    return check.fail(expr, `found no matching overload for 'hasValue' applied to '${known.name}.()'`);
  const [variable, step] = args as [Expr, Expr];
  const local = variable.exprKind.case === 'identExpr' ? variable.exprKind.value.name : '';
  const type = check.down(step, within(place, { [local]: inner }));
  if (name === 'optMap') return optionalOf(type);
  const made = check.unifier.resolve(type);
  if (insideOf(made) !== undefined) return made;
  return isDynOrError(made) ? optionalOf(dyn) : mismatch(check, step, optionalOf(made), made);
}
