import type { Expr } from '../library.ts';
import { nameOf, type Part } from '../rewrite/tree.ts';
import { type Check, mismatch, type Place, undeclared } from './check.ts';
import { checkFormat } from './check-format.ts';
import { checkMacro, isMacro } from './check-macro.ts';
import type { Overload } from './functions.ts';
import { bool, dyn, insideOf, isDyn, isSameType, type Type, typeText, typeWith } from './type.ts';

/** A call of a function, a method or an operator: one of its overloads must fit. */
export function checkCall(check: Check, expr: Expr, value: Part<'callExpr'>, place: Place): Type {
  const { function: name, target, args } = value;
  if (isMacro(value)) return checkMacro(check, expr, value, place);
  // what is written into a text may be of many types
  const inner = name === 'format' ? { ...place, isMixed: true } : place;
  const types = args.map((arg) => check.down(arg, inner));
  const { functions } = check.scope;
  const space = target === undefined ? undefined : nameOf(target);
  // `sets.contains(a, b)` is a function with a dot in its name
  const qualified = space === undefined ? undefined : functions.get(`${space}.${name}`);
  if (qualified !== undefined) return resolve(check, expr, { name: `${space}.${name}`, overloads: qualified }, types);
  const whole = target === undefined ? undefined : check.down(target, place);
  const isMarked = check.optionalParts(expr).has(0);
  const fullName = isMarked ? '_[?_]' : name;
  const overloads = functions.get(fullName);
  if (overloads === undefined) return undeclared(check, expr, name);
  if (name === '_&&_' || name === '_||_') return checkLogic(check, args, types);
  const result = resolve(check, expr, { name: fullName, overloads }, types, whole);
  if (name === 'format') checkFormat(check, expr, value);
  if (name === '_[_]' && (isMarked || check.isNoted(args[0]) || isOptional(check, types[0]!))) check.noteOptional(expr);
  return result;
}

const isOptional = ({ unifier }: Check, type: Type) => insideOf(unifier.resolve(type)) !== undefined;

function checkLogic(check: Check, args: Expr[], types: Type[]): Type {
  args.forEach((arg, index) => {
    if (!check.unifier.accepts([types[index]!], [bool])) mismatch(check, arg, bool, types[index]!);
  });
  return bool;
}

type Named = { name: string; overloads: readonly Overload[] };

/** The result of the overloads that fit; when they have different ones it is not known. */
function resolve(check: Check, expr: Expr, { name, overloads }: Named, args: Type[], target?: Type): Type {
  const { unifier } = check;
  const given = target === undefined ? args : [target, ...args];
  let result: Type | undefined;
  for (const overload of overloads) {
    if (overload.isMethod !== (target !== undefined)) continue;
    const { args: wanted, result: made } = instantiate(check, overload);
    if (!unifier.accepts(given, wanted)) continue;
    const type = unifier.resolve(made);
    if (result === undefined) result = type;
    else if (!isDyn(result) && !isSameType(result, type)) result = dyn;
  }
  if (result !== undefined) return result;
  const texts = given.map((type) => typeText(unifier.resolve(type, 'last')));
  const applied = target === undefined ? `(${texts.join(', ')})` : `${texts[0]}.(${texts.slice(1).join(', ')})`;
  return check.fail(expr, `found no matching overload for '${name}' applied to '${applied}'`);
}

/** The overload with parameters of this call. */
function instantiate({ unifier }: Check, overload: Overload): { args: Type[]; result: Type } {
  const fresh = new Map<string, Type>();
  const put = (type: Type): Type => {
    if (!type.isParameter) return type.params.length === 0 ? type : typeWith(type, type.params.map(put));
    const known = fresh.get(type.name) ?? unifier.fresh();
    fresh.set(type.name, known);
    return known;
  };
  return { args: overload.args.map(put), result: put(overload.result) };
}
