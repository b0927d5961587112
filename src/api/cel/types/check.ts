import type { Expr } from '../library.ts';
import { expressionDepthMax } from '../limits.ts';
import type { Part } from '../rewrite/tree.ts';
import { checkCall } from './check-call.ts';
import { checkLoop } from './check-loop.ts';
import { checkSelect } from './check-select.ts';
import type { Functions } from './functions.ts';
import {
  bool,
  double,
  dyn,
  errorType,
  insideOf,
  int,
  isDyn,
  isSameType,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  readType,
  string,
  type Type,
  typeOf,
  typeText,
} from './type.ts';
import { createUnifier, isLessSpecific, type Unifier } from './unify.ts';

/** What an expression may name. */
export type Scope = {
  variables: ReadonlyMap<string, Type>;
  functions: Functions;
  /** The type of objects that may be made under this name: `Object.spec`. */
  objectType?(name: string): Type | undefined;
};

/** What is wrong with a part of an expression. */
export type Problem = { expr: Expr; message: string };

type Item = { expr: Expr; type: Type };

/** What stays the same for the whole expression. */
export type Check = {
  scope: Scope;
  unifier: Unifier;
  /** The type of an expression below this place. */
  down(expr: Expr | undefined, place: Place): Type;
  /** The type of an expression that was checked already. */
  typeOf(expr: Expr): Type;
  /** Notes what is wrong; the type is that of an error. */
  fail(expr: Expr, message: string): Type;
  /** The positions of the parts of this expression that a `?` stands before. */
  optionalParts(expr: Expr): ReadonlySet<number>;
  /** Notes that this selects something from an optional, or with a `?`. */
  noteOptional(expr: Expr): void;
  /** Notes that these must have one type in the end. */
  noteAlike(items: Item[], place: Place): void;
  /** Was that noted? Where its type is not known the result may be an optional all the same. */
  isNoted(expr: Expr | undefined): boolean;
};

/** Where the check is: the types of names that macros make around it, how deep, and whether items may differ there. */
export type Place = { local: ReadonlyMap<string, Type>; depth: number; isMixed: boolean };

export const within = (place: Place, names: Record<string, Type>): Place => ({
  ...{ ...place, local: new Map([...place.local, ...Object.entries(names)]) },
});

export type Checked = {
  type: Type;
  problems: Problem[];
  /** Selections and indexes whose result is an optional. */
  optionals: ReadonlySet<Expr>;
};

const problemsMax = 100;
const none: ReadonlySet<number> = new Set();

/**
 * Finds the type of an expression, and everything that is wrong with it, as upstream's compiler does.
 * Source: https://github.com/google/cel-go/blob/master/checker/checker.go.
 */
export function checkTypes(
  expr: Expr,
  scope: Scope,
  optionalParts: (expr: Expr) => ReadonlySet<number> | undefined,
): Checked {
  const problems: Problem[] = [];
  const optionals = new Set<Expr>();
  const alike: Item[][] = [];
  const types = new Map<Expr, Type>();
  const check: Check = {
    scope,
    unifier: createUnifier(),
    down: (each, place) => {
      const found = visit(check, each!, { ...place, depth: place.depth + 1 });
      types.set(each!, found);
      return found;
    },
    typeOf: (each) => types.get(each) ?? errorType,
    fail: (each, message) => {
      if (problems.length < problemsMax) problems.push({ expr: each, message });
      return errorType;
    },
    optionalParts: (each) => optionalParts(each) ?? none,
    noteOptional: (each) => optionals.add(each),
    noteAlike: (items, { isMixed }) => {
      if (!isMixed) alike.push(items);
    },
    isNoted: (each) => each !== undefined && optionals.has(each),
  };
  const type = visit(check, expr, { local: new Map(), depth: 0, isMixed: false });
  if (problems.length === 0) for (const items of alike) checkAlike(check, items);
  return { type: check.unifier.resolve(type, 'last'), problems, optionals };
}

function visit(check: Check, expr: Expr, place: Place): Type {
  if (place.depth > expressionDepthMax)
    return check.fail(expr, `it is nested deeper than ${expressionDepthMax} levels`);
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'identExpr':
      return checkName(check, expr, exprKind.value.name, place);
    case 'constExpr':
      return checkConstant(check, expr, exprKind.value.constantKind);
    case 'selectExpr':
      return checkSelect(check, expr, exprKind.value, place);
    case 'callExpr':
      return checkCall(check, expr, exprKind.value, place);
    case 'comprehensionExpr':
      return checkLoop(check, expr, exprKind.value, place);
    case 'listExpr':
      return checkList(check, expr, exprKind.value, place);
    case 'structExpr':
      return exprKind.value.messageName === ''
        ? checkMap(check, expr, exprKind.value, place)
        : checkObject(check, expr, exprKind.value, place);
    default:
      return check.fail(expr, 'invalid expression');
  }
}

/** Types that have a name of their own in expressions. */
const typeNames = new Map<string, Type>(
  ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'type', 'list(dyn)', 'map(dyn, dyn)', 'optional_type(dyn)']
    .map(readType)
    .map((type) => [type.name, typeOf(type)]),
);
typeNames.set('null_type', typeOf(nullType));
typeNames.set('google.protobuf.Timestamp', typeOf(readType('timestamp')));
typeNames.set('google.protobuf.Duration', typeOf(readType('duration')));

/** The type of what a name, which may have dots, stands for. */
export function typeOfName({ scope }: Check, name: string, { local }: Place): Type | undefined {
  const [root = ''] = name.split('.');
  if (local.has(root)) return local.get(name);
  const made = scope.objectType?.(name);
  return scope.variables.get(name) ?? typeNames.get(name) ?? (made && typeOf(made));
}

const checkName = (check: Check, expr: Expr, name: string, place: Place): Type =>
  typeOfName(check, name, place) ?? undeclared(check, expr, name);

export const undeclared = (check: Check, expr: Expr, name: string): Type =>
  check.fail(expr, `undeclared reference to '${name}' (in container '')`);

function checkConstant({ fail }: Check, expr: Expr, constant: Part<'constExpr'>['constantKind']): Type {
  const { case: kind, value } = constant;
  if (kind === 'int64Value') return BigInt.asIntN(64, value) === value ? int : fail(expr, 'invalid int literal');
  if (kind === 'uint64Value')
    return BigInt.asUintN(64, value) === value ? readType('uint') : fail(expr, 'invalid uint literal');
  if (kind === 'doubleValue' && !Number.isFinite(value)) return fail(expr, 'invalid double literal');
  const types = { stringValue: string, boolValue: bool, doubleValue: double, nullValue: nullType };
  return types[kind as keyof typeof types] ?? readType('bytes');
}

function checkList(check: Check, expr: Expr, { elements }: Part<'listExpr'>, place: Place): Type {
  const optional = check.optionalParts(expr);
  const items = elements.map((item, index) => ({
    ...{ expr: item, type: inside(check, item, check.down(item, place), optional.has(index)) },
  }));
  check.noteAlike(items, place);
  return listOf(joined(check, items));
}

function checkMap(check: Check, expr: Expr, { entries }: Part<'structExpr'>, place: Place): Type {
  const optional = check.optionalParts(expr);
  const parts = entries.map(({ keyKind, value }, index) => {
    const key = keyKind.case === 'mapKey' ? keyKind.value : expr;
    return {
      key: { expr: key, type: check.down(key, place) },
      value: { expr: value!, type: inside(check, value!, check.down(value, place), optional.has(index)) },
    };
  });
  const [keys, values] = [parts.map(({ key }) => key), parts.map(({ value }) => value)];
  check.noteAlike(keys, place);
  check.noteAlike(values, place);
  return mapOf(joined(check, keys), joined(check, values));
}

function checkObject(check: Check, expr: Expr, { messageName, entries }: Part<'structExpr'>, place: Place): Type {
  const made = check.scope.objectType?.(messageName);
  if (made === undefined) return undeclared(check, expr, messageName);
  const optional = check.optionalParts(expr);
  entries.forEach((entry, index) => {
    const name = entry.keyKind.case === 'fieldKey' ? entry.keyKind.value : '';
    const given = inside(check, entry.value!, check.down(entry.value, place), optional.has(index));
    const wanted = made.fields === undefined ? readType('dyn') : made.fields.get(name);
    if (wanted === undefined) check.fail(expr, `undefined field '${name}'`);
    else if (!check.unifier.accepts([wanted], [given])) {
      const texts = [wanted, given].map(typeText);
      check.fail(entry.value!, `expected type of field '${name}' is '${texts[0]}' but provided type is '${texts[1]}'`);
    }
  });
  return made;
}

/** Of what a `?` stands before: the type inside the optional. */
function inside(check: Check, expr: Expr, type: Type, isOptional: boolean): Type {
  if (!isOptional) return type;
  const known = check.unifier.resolve(type);
  const found = insideOf(known);
  if (found === undefined && !isDyn(known)) return mismatch(check, expr, optionalOf(known), known);
  return found ?? known;
}

/** The type of all these; `dyn` when they differ. */
function joined({ unifier }: Check, items: Item[]): Type {
  let found: Type | undefined;
  for (const { type } of items)
    if (found === undefined) found = type;
    else if (unifier.accepts([found], [type])) found = isLessSpecific(found, type) ? found : type;
    else found = dyn;
  return found ?? unifier.fresh();
}

/** All items of a list, all keys and all values of a map have one type, and not even `dyn` is another's. */
function checkAlike(check: Check, items: Item[]): void {
  const [first, ...others] = items.map(({ expr, type }) => ({ expr, type: check.unifier.resolve(type, 'last') }));
  const different = others.find(({ type }) => !isSameType(first!.type, type));
  if (different !== undefined) mismatch(check, different.expr, first!.type, different.type);
}

export function mismatch({ fail, unifier }: Check, expr: Expr, wanted: Type, given: Type): Type {
  const [expected, found] = [wanted, given].map((type) => typeText(unifier.resolve(type)));
  return fail(expr, `expected type '${expected}' but found '${found}'`);
}

/** Notes an error unless the expression has this type. */
export function expectType(check: Check, expr: Expr, given: Type, wanted: Type): void {
  if (!check.unifier.accepts([wanted], [given])) mismatch(check, expr, wanted, given);
}
